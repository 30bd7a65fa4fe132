package consensus

import (
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

// nudgeDelay is how long the news of a commit waits for a message of raft's own that
// carries it, so that a leader with much to write sends next to no nudges.
const nudgeDelay = time.Millisecond

// pipeline is a pipeline of raft's to one follower. Raft tells followers of a commit with
// the next entries, or after a commit timeout, which must not be short because it
// costs a message each time whether there is news or not. The pipeline sends a nudge in
// between: what raft would send next if it had no entries.
//
// It also closes itself when the follower refuses a message. Raft stops reading
// answers then, and might wait for ever to send the next message, beyond its own shutdown.
type pipeline struct {
	raft.AppendPipeline
	to      raft.ServerID
	wire    *wire
	answers chan raft.AppendFuture
	news    chan struct{}
	done    chan struct{}
	once    sync.Once
	err     error

	mu   sync.Mutex
	next raft.AppendEntriesRequest // the last message without its entries, following them
}

func newPipeline(inner raft.AppendPipeline, to raft.ServerID, w *wire) *pipeline {
	p := &pipeline{
		AppendPipeline: inner, to: to, wire: w,
		answers: make(chan raft.AppendFuture), news: make(chan struct{}, 1), done: make(chan struct{}),
	}
	w.work.Go(p.relay)
	w.work.Go(p.nudges)
	return p
}

// AppendEntries implements raft.AppendPipeline.
func (p *pipeline) AppendEntries(req *raft.AppendEntriesRequest, resp *raft.AppendEntriesResponse) (raft.AppendFuture, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f, err := p.AppendPipeline.AppendEntries(req, resp)
	if err == nil {
		p.next = *req
		p.next.Entries = nil
		if n := len(req.Entries); n > 0 {
			p.next.PrevLogEntry, p.next.PrevLogTerm = req.Entries[n-1].Index, req.Entries[n-1].Term
		}
	}
	return f, err
}

// Consumer implements raft.AppendPipeline.
func (p *pipeline) Consumer() <-chan raft.AppendFuture { return p.answers }

// relay hands raft the answers.
func (p *pipeline) relay() {
	for {
		select {
		case f := <-p.AppendPipeline.Consumer():
			good := f.Response().Success
			if good {
				p.wire.contacts.note(p.to, f.Request().Term, f.Start())
			}
			select {
			case p.answers <- f:
			case <-p.done:
				return
			}
			if !good {
				p.Close()
				return
			}
		case <-p.done:
			return
		}
	}
}

func (p *pipeline) nudges() {
	delay := time.NewTimer(0)
	defer delay.Stop()
	for {
		select {
		case <-p.news:
		case <-p.done:
			return
		}
		delay.Reset(nudgeDelay)
		select {
		case <-delay.C:
			p.nudge()
		case <-p.done:
			return
		}
	}
}

// nudge tells the follower of the newest commit unless it knows.
func (p *pipeline) nudge() {
	p.mu.Lock()
	defer p.mu.Unlock()
	req, ok := following(&p.next, *p.wire.newest.Load())
	if !ok {
		return
	}
	if _, err := p.AppendPipeline.AppendEntries(req, &raft.AppendEntriesResponse{}); err == nil {
		p.next = *req
	} // else the pipeline is broken, as raft's next message will find
}

// following returns the message that tells of a commit to a follower that has been sent
// all up to next. The entry must be of the pipeline's own term: then this replica made it and
// the follower was sent the very same. A pipeline may outlive its term for a moment, and
// what was committed later need not be what stands in that follower's log.
func following(next *raft.AppendEntriesRequest, commit position) (*raft.AppendEntriesRequest, bool) {
	if commit.term != next.Term || commit.index <= next.LeaderCommitIndex || commit.index > next.PrevLogEntry {
		return nil, false
	}
	req := *next
	req.LeaderCommitIndex = commit.index
	return &req, true
}

// Close implements raft.AppendPipeline.
func (p *pipeline) Close() error {
	p.once.Do(func() {
		close(p.done)
		p.wire.forget(p)
		p.err = p.AppendPipeline.Close()
	})
	return p.err
}
