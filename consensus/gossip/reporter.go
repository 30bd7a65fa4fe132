package gossip

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// repeatAfter is how long a line that may come by the thousand stays unsaid once it was said.
const repeatAfter = 10 * time.Second

// reporter writes log lines in a goroutine of its own: they arise under
// memberlist's locks, and a slow terminal must not make this agent look dead.
type reporter struct {
	to    *slog.Logger
	lines chan line
	quit  chan struct{}
	done  chan struct{} // closed when run has ended
	now   func() time.Time

	mu   sync.Mutex
	said map[string]*repeats // by kind
	lost int                 // lines there was no room for
}

type line struct {
	level slog.Level
	msg   string
	args  []any
}

type repeats struct {
	last   time.Time
	unsaid int
}

// maxKinds bounds the kinds of line that are told apart: some are made from what others send.
const maxKinds = 64

func newReporter(to *slog.Logger) *reporter {
	return &reporter{to: to, lines: make(chan line, 256), quit: make(chan struct{}), done: make(chan struct{}), now: time.Now, said: map[string]*repeats{}}
}

// report hands a line over and never waits.
func (r *reporter) report(level slog.Level, msg string, args ...any) {
	if !r.to.Enabled(context.Background(), level) {
		return
	}
	select {
	case r.lines <- line{level, msg, args}:
	default:
		r.mu.Lock()
		r.lost++
		r.mu.Unlock()
	}
}

// seldom reports at most one line of a kind in ten seconds, and tells with the next how many there were between.
func (r *reporter) seldom(kind string, level slog.Level, msg string, args ...any) {
	r.mu.Lock()
	k := r.said[kind]
	if k == nil {
		if len(r.said) >= maxKinds {
			clear(r.said)
		}
		k = &repeats{}
		r.said[kind] = k
	}
	now := r.now()
	if !k.last.IsZero() && now.Sub(k.last) < repeatAfter {
		k.unsaid++
		r.mu.Unlock()
		return
	}
	if k.unsaid > 0 {
		args = append(args[:len(args):len(args)], "more_before", k.unsaid)
	}
	k.last, k.unsaid = now, 0
	r.mu.Unlock()
	r.report(level, msg, args...)
}

// run writes lines until finish.
func (r *reporter) run() {
	defer close(r.done)
	for {
		select {
		case l := <-r.lines:
			r.write(l)
		case <-r.quit:
			for {
				select {
				case l := <-r.lines:
					r.write(l)
				default:
					return
				}
			}
		}
	}
}

// finish ends run, once what was handed over before is written.
func (r *reporter) finish() {
	close(r.quit)
	<-r.done
}

func (r *reporter) write(l line) {
	r.to.Log(context.Background(), l.level, l.msg, l.args...)
	r.mu.Lock()
	lost := r.lost
	r.lost = 0
	r.mu.Unlock()
	if lost > 0 {
		r.to.Warn("log lines of gossip were lost", "lines", lost)
	}
}
