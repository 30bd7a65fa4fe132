package probes

import (
	"context"
	"fmt"

	"muster/catalog"
	"muster/probes/child"
)

// probeScript runs one program, without a shell. Exit status 0 is passing, 1 a warning, any other end critical.
//
// The program and all it started are killed when time is up, and also once it has ended:
// what it left in the background would otherwise pile up with every interval.
func probeScript(ctx context.Context, def *catalog.CheckDefinition) Result {
	said := &child.Tail{Keep: outputLimit(def)}
	end, err := child.Run(ctx, child.Command{Args: def.Args, Stdout: said, Stderr: said})
	if err != nil && ctx.Err() == nil {
		return failure(ctx, fmt.Sprintf("script %q", def.Args[0]), err)
	}
	return scriptResult(err, end, said.String())
}

// scriptResult judges how a script ended and what it said until then. killed says
// why it was not given more time, nil when it ended by itself.
func scriptResult(killed error, end child.End, output string) Result {
	switch {
	case killed != nil && !end.Success(): // else it ended while its time did
		return Result{catalog.Critical, fmt.Sprintf("killed: %v. Output: %s", killed, output)}
	case end.Code() == 0:
		return Result{catalog.Passing, output}
	case end.Signal() != 0, output == "":
		output = fmt.Sprintf("%v. Output: %s", end, output) // the script itself did not get to say what happened
	}
	if end.Code() == 1 {
		return Result{catalog.Warning, output}
	}
	return Result{catalog.Critical, output}
}
