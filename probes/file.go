package probes

import (
	"context"
	"fmt"
	"os"
	"time"

	"muster/catalog"
)

// openFile readies a check that a file is there and not too old. A file system
// that hangs keeps one goroutine at most: the next probe waits for the same answer.
func openFile(*catalog.CheckDefinition, *budget) (probe, func()) {
	var pending chan Result // of a look that outlived its probe
	return func(ctx context.Context, def *catalog.CheckDefinition) Result {
		if pending == nil {
			pending = make(chan Result, 1)
			go func(answer chan<- Result) { answer <- fileResult(def, time.Now()) }(pending)
		}
		select {
		case res := <-pending:
			pending = nil
			return res
		case <-ctx.Done():
			return failure(ctx, fmt.Sprintf("file %q", def.File), ctx.Err())
		}
	}, func() {}
}

func fileResult(def *catalog.CheckDefinition, now time.Time) Result {
	info, err := os.Stat(def.File)
	if err != nil {
		return Result{catalog.Critical, fmt.Sprintf("file %q: %v", def.File, err)}
	}
	age := max(0, now.Sub(info.ModTime())) // a clock may have been set back
	text := fmt.Sprintf("file %q: %d bytes, changed %v ago", def.File, info.Size(), age.Round(time.Millisecond))
	if def.MaxAge > 0 && age > def.MaxAge {
		return Result{catalog.Critical, fmt.Sprintf("%s, which is over %v", text, def.MaxAge)}
	}
	return Result{catalog.Passing, text}
}
