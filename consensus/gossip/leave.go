package gossip

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/memberlist"
)

// ErrUnknownMember is in the error of a ForceLeave of a name that no member has.
var ErrUnknownMember = errors.New("no such member")

const (
	// wordWait bounds how long a Leave waits for its announcement to be spread before it goes.
	wordWait = time.Second
	// goWait bounds how long it waits for its going to be spread.
	goWait = 3 * time.Second
)

// Leave tells the others that this agent goes on purpose and takes it out of the
// pool; Close must follow. It returns once that was told to some of them, or
// within four seconds, or when ctx ends. A second call does nothing.
func (p *Pool) Leave(ctx context.Context) error {
	p.leaveMu.Lock()
	defer p.leaveMu.Unlock()
	p.mu.Lock()
	list, again := p.list, p.leaving
	p.leaving = p.list != nil
	p.mu.Unlock()
	if list == nil {
		return errNotRunning
	}
	if again {
		return nil
	}
	me := p.current()
	d := departure{Name: p.cfg.Name, ID: me.ID, Run: me.Run}
	p.book.depart(d)
	if len(p.book.others()) > 0 {
		told := make(chan struct{})
		p.spread(d, func() { close(told) })
		select { // first the word, so that nobody takes the going for a failure
		case <-told:
		case <-time.After(wordWait):
		case <-ctx.Done():
		case <-p.ctx.Done():
		}
	}
	wait := goWait
	if end, ok := ctx.Deadline(); ok {
		wait = max(min(wait, time.Until(end)), time.Millisecond) // memberlist takes 0 for no bound
	}
	if ctx.Err() != nil {
		wait = time.Millisecond
	}
	if err := list.Leave(wait); err != nil {
		return fmt.Errorf("gossip: leave: %w", err)
	}
	return nil
}

// ForceLeave has all agents take a failed member for one that left on purpose;
// with prune they forget it, too. A member that is alive objects, and stays.
// The word is spread when ForceLeave returns or soon after.
func (p *Pool) ForceLeave(name string, prune bool) error {
	if p.running() == nil {
		return errNotRunning
	}
	if name == p.cfg.Name {
		return errors.New("gossip: this agent cannot force itself out: leave")
	}
	m, run, ok := p.book.find(name)
	if !ok {
		return fmt.Errorf("gossip: force-leave %q: %w", name, ErrUnknownMember)
	}
	d := departure{Name: name, ID: m.ID, Run: run, Prune: prune}
	p.book.depart(d)
	p.spread(d, nil)
	return nil
}

// spread tells the pool of a departure, a bounded number of times. finished,
// which may be nil, is called when that is done.
func (p *Pool) spread(d departure, finished func()) {
	p.queue.QueueBroadcast(&word{name: d.Name, data: d.encode(), finished: finished})
}

// word is a departure on its way. A later word of the same member replaces it.
type word struct {
	name     string
	data     []byte
	finished func()
}

// Name implements memberlist.NamedBroadcast.
func (w *word) Name() string { return w.name }

// Invalidates implements memberlist.Broadcast.
func (w *word) Invalidates(other memberlist.Broadcast) bool {
	o, ok := other.(*word)
	return ok && o.name == w.name
}

// Message implements memberlist.Broadcast.
func (w *word) Message() []byte { return w.data }

// Finished implements memberlist.Broadcast.
func (w *word) Finished() {
	if w.finished != nil {
		w.finished()
	}
}
