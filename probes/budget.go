package probes

import (
	"sync/atomic"
	"syscall"
)

// budget is what the probes of a Runner may do: how many connections they may still
// keep open between probes, and where they may connect to.
type budget struct {
	left  atomic.Int64
	guard guard
}

func newBudget(n int, g guard) *budget {
	b := &budget{guard: g}
	b.left.Store(int64(n))
	return b
}

// take takes one connection out of the budget, or returns false if none is left.
func (b *budget) take() bool {
	if b.left.Add(-1) >= 0 {
		return true
	}
	b.left.Add(1)
	return false
}

// give puts one back.
func (b *budget) give() { b.left.Add(1) }

// defaultKept leaves half of the files that this process may open to all else.
func defaultKept() int {
	const most = 50_000
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 256 // half of what POSIX systems commonly allow at least
	}
	return int(min(limit.Cur/2, most))
}
