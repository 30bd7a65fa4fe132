package probes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"muster/catalog"
)

// openUDP readies a check that sends one datagram. Any answer is passing, or only
// one that matches what is expected. Where nothing is expected silence passes
// too: then nobody refused it (ICMP port unreachable) in all the time the probe had.
func openUDP(def *catalog.CheckDefinition, kept *budget) (probe, func()) {
	expect := pattern(def.Expect)
	return func(ctx context.Context, def *catalog.CheckDefinition) Result {
		what := "UDP " + def.UDP
		conn, err := kept.guard.dialer().DialContext(ctx, "udp", def.UDP)
		if err != nil {
			return failure(ctx, what, err)
		}
		defer conn.Close()
		defer bounded(ctx, conn)()
		if _, err := io.WriteString(conn, def.Send); err != nil {
			return failure(ctx, what+": send", err)
		}
		buf := make([]byte, catalog.MaxCheckOutput)
		n, err := conn.Read(buf)
		switch {
		case err == nil && expect != nil && !expect.Match(buf[:n]):
			return Result{catalog.Critical, withOutput(fmt.Sprintf("%s: the answer does not match %q.", what, expect), buf[:n])}
		case err == nil:
			return Result{catalog.Passing, withOutput(what+": Success", buf[:n])}
		case errors.Is(err, syscall.ECONNREFUSED):
			return Result{catalog.Critical, what + ": refused, nobody listens"}
		case expect == nil && errors.Is(err, os.ErrDeadlineExceeded) && errors.Is(ctx.Err(), context.DeadlineExceeded):
			return Result{catalog.Passing, what + ": not refused"}
		}
		return failure(ctx, what, err)
	}, func() {}
}
