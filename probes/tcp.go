package probes

import (
	"context"
	"io"

	"muster/catalog"
)

// openTCP readies a check that opens one connection, with TLS when asked to, says
// what it is to say, waits for the answer it is to get, and closes it.
func openTCP(def *catalog.CheckDefinition, kept *budget) (probe, func()) {
	expect := pattern(def.Expect)
	return func(ctx context.Context, def *catalog.CheckDefinition) Result {
		what := "TCP connect " + def.TCP
		if def.TCPUseTLS {
			what = "TCP+TLS connect " + def.TCP
		}
		conn, err := dial(ctx, def, kept.guard, def.TCP, def.TCPUseTLS)
		if err != nil {
			return failure(ctx, what, err)
		}
		defer conn.Close() // how the good-bye is taken says nothing about the target
		defer bounded(ctx, conn)()
		if def.Send != "" {
			if _, err := io.WriteString(conn, def.Send); err != nil {
				return failure(ctx, what+": send", err)
			}
		}
		if expect == nil {
			return Result{catalog.Passing, what + ": Success"}
		}
		said, err := readUntil(conn, expect)
		if err != nil {
			res := failure(ctx, what, err)
			res.Output = withOutput(res.Output+".", said)
			return res
		}
		return Result{catalog.Passing, withOutput(what+": Success", said)}
	}, func() {}
}
