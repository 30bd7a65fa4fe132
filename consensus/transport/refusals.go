package transport

import (
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// refusals logs what the port turned away, one line per ten seconds at most: a
// port scanner must not be able to fill the disk.
type refusals struct {
	logger   *slog.Logger
	some     rate.Sometimes
	unlogged atomic.Int64
}

func newRefusals(logger *slog.Logger) *refusals {
	return &refusals{logger: logger, some: rate.Sometimes{First: 1, Interval: 10 * time.Second}}
}

func (r *refusals) log(msg string, args ...any) {
	logged := false
	r.some.Do(func() {
		logged = true
		r.logger.Warn(msg, append(args, "unlogged_before", r.unlogged.Swap(0))...)
	})
	if !logged {
		r.unlogged.Add(1)
	}
}
