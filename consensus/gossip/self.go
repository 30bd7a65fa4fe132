package gossip

import (
	"errors"
	"log/slog"
	"maps"
	"time"
)

// publishWait bounds how long a publication waits for its first hearer.
const publishWait = 2 * time.Second

// current returns what this agent tells of itself.
func (p *Pool) current() meta {
	p.selfMu.Lock()
	defer p.selfMu.Unlock()
	return p.self
}

// SetTags replaces this agent's tags and tells the others. It fails, and changes
// nothing, if they take more room than there is. Before Start they are told at the start.
func (p *Pool) SetTags(tags map[string]string) error {
	tags = maps.Clone(tags)
	return p.publish(func(m *meta) { m.Tags = tags })
}

// publish changes what this agent tells of itself and tells the others.
func (p *Pool) publish(change func(*meta)) error {
	p.publishing.Lock()
	defer p.publishing.Unlock()
	next := p.current()
	change(&next)
	if _, err := next.encode(); err != nil {
		return err
	}
	p.selfMu.Lock()
	p.self = next
	p.selfMu.Unlock()
	list := p.running()
	if list == nil {
		return nil
	}
	// memberlist drops an update that crosses a refutation of its own, so look whether it took.
	for tries := 0; tries < 5 && p.ctx.Err() == nil && !p.isLeaving(); tries++ {
		if err := list.UpdateNode(publishWait); err != nil {
			p.report.report(slog.LevelDebug, "nobody has taken this agent's news yet", "error", err)
		}
		if have, ok := p.book.own(); ok && have.Run == next.Run && maps.Equal(have.Tags, next.Tags) {
			return nil
		}
	}
	return errors.New("gossip: this agent's news do not get through")
}

// object lets the others know that this agent is there, although a run of it is said to be over.
func (p *Pool) object(run uint64) {
	select {
	case p.refute <- run:
	default: // one objection is on its way; the claim will come again if it was too weak
	}
}

// answerClaim raises this agent's run above one that is said to be over.
func (p *Pool) answerClaim(run uint64) {
	if p.isLeaving() || run < p.current().Run {
		return
	}
	p.report.seldom("refute", slog.LevelWarn, "this agent was told to leave by force: it objects")
	if err := p.publish(func(m *meta) { m.Run = max(m.Run, run) + 1 }); err != nil {
		p.report.seldom("publish", slog.LevelError, "cannot tell of this agent", "error", err)
	}
}

func (p *Pool) isLeaving() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.leaving
}
