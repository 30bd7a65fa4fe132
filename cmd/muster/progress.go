package main

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progressEvery is how far apart lines of progress are where there is no terminal.
const progressEvery = 5 * time.Second

// progress tells how far long work is: with a bar on a terminal, which is wiped out
// in the end, elsewhere with a line every five seconds. What is written to it is counted and goes nowhere.
type progress struct {
	what   string
	total  int64 // bytes; negative: not known
	done   atomic.Int64
	bar    *progressbar.ProgressBar // nil: lines
	end    func()
	finish sync.WaitGroup
}

// progress begins to tell of work on standard error. Callers end it before they write anything else.
func (s *shell) progress(what string, total int64) *progress {
	return newProgress(s.stderr, s.terminal(s.stderr) != nil, what, total)
}

func newProgress(w io.Writer, terminal bool, what string, total int64) *progress {
	p := &progress{what: what, total: total}
	if terminal {
		p.bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(what),
			progressbar.OptionShowBytes(true), progressbar.OptionUseIECUnits(true), progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionSetWidth(30), progressbar.OptionSetSpinnerChangeInterval(0)) // the bar moves when the work does, not by itself
		p.end = func() { _ = p.bar.Clear() }
		return p
	}
	over := make(chan struct{})
	p.finish.Go(func() { p.lines(w, over) })
	p.end = sync.OnceFunc(func() { close(over); p.finish.Wait() })
	return p
}

// Write implements io.Writer.
func (p *progress) Write(b []byte) (int, error) {
	p.done.Add(int64(len(b)))
	if p.bar != nil {
		_ = p.bar.Add(len(b)) // a bar that cannot be drawn, or that has more to tell than was promised, is no reason to fail
	}
	return len(b), nil
}

func (p *progress) lines(w io.Writer, over <-chan struct{}) {
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	for {
		select {
		case <-over:
			return
		case <-tick.C:
			fmt.Fprintln(w, p.line())
		}
	}
}

func (p *progress) line() string {
	switch done := p.done.Load(); {
	case p.total <= 0:
		return fmt.Sprintf("%s: %s so far", p.what, size(done))
	case done >= p.total:
		return fmt.Sprintf("%s: %s are through, the answer is not here yet", p.what, size(done))
	default:
		return fmt.Sprintf("%s: %s of %s (%d %%)", p.what, size(done), size(p.total), done*100/p.total)
	}
}

// size writes a number of bytes for people.
func size(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	f, units := float64(n), "KMGTPE"
	unit := -1
	for f >= 1023.95 { // what would be written as 1024.0
		f /= 1024
		unit++
	}
	return fmt.Sprintf("%.1f %ciB", f, units[unit])
}
