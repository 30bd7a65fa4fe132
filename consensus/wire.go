package consensus

import (
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
)

// wire is raft's transport. It listens in on what leaders say, knows whom the own messages
// reach, and spreads the news of commits faster than raft does.
type wire struct {
	*raft.NetworkTransport
	heard func(commit uint64)                            // called with the commit index of each message that has one, before raft gets it
	leads func(term uint64, follower raft.ServerID) bool // whether this replica leads a term, and has that follower

	rpcs   chan raft.RPC
	done   chan struct{}
	once   sync.Once
	work   sync.WaitGroup
	newest atomic.Pointer[position] // the last committed entry that the state got to see

	contacts contacts
	outages  *outages

	mu    sync.Mutex
	lines map[*pipeline]struct{}
}

// reachInterval is how often to look whether a follower can be reached again.
const reachInterval = 20 * time.Millisecond

// position is that of an entry in the log. Only the leader of a term makes entries of it.
type position struct{ index, term uint64 }

func newWire(t *raft.NetworkTransport, log *slog.Logger, heard func(uint64), leads func(uint64, raft.ServerID) bool) *wire {
	w := &wire{
		NetworkTransport: t, outages: newOutages(log), heard: heard, leads: leads,
		rpcs: make(chan raft.RPC), done: make(chan struct{}), lines: map[*pipeline]struct{}{},
	}
	w.newest.Store(&position{})
	w.work.Go(w.relay)
	return w
}

// Consumer implements raft.Transport.
func (w *wire) Consumer() <-chan raft.RPC { return w.rpcs }

func (w *wire) relay() {
	for {
		select {
		case rpc := <-w.NetworkTransport.Consumer():
			if a, ok := rpc.Command.(*raft.AppendEntriesRequest); ok {
				w.heard(a.LeaderCommitIndex)
			}
			select {
			case w.rpcs <- rpc:
			case <-w.done:
				return
			}
		case <-w.done:
			return
		}
	}
}

// Close implements raft.WithClose. Raft calls it when its goroutines have ended.
func (w *wire) Close() error {
	w.once.Do(func() { close(w.done) })
	err := w.NetworkTransport.Close()
	w.work.Wait()
	return err
}

// AppendEntries implements raft.Transport. Entries that do not reach a follower are given
// up only when a heartbeat does, or when they need not get there any more. Raft counts failures, and
// would leave a follower that comes back after a while alone for up to ten seconds more.
func (w *wire) AppendEntries(id raft.ServerID, addr raft.ServerAddress, req *raft.AppendEntriesRequest, resp *raft.AppendEntriesResponse) error {
	sent := time.Now()
	err := w.NetworkTransport.AppendEntries(id, meant(id, addr), req, resp)
	w.outages.note(id, addr, err)
	switch {
	case err == nil && resp.Success:
		w.contacts.note(id, req.Term, sent)
	case err != nil && req.LeaderCommitIndex+req.PrevLogEntry+uint64(len(req.Entries)) > 0: // not a heartbeat
		w.untilReached(id, req.Term)
	}
	return err
}

// InstallSnapshot implements raft.Transport. About failures see AppendEntries.
func (w *wire) InstallSnapshot(id raft.ServerID, addr raft.ServerAddress, req *raft.InstallSnapshotRequest, resp *raft.InstallSnapshotResponse, data io.Reader) error {
	err := w.NetworkTransport.InstallSnapshot(id, meant(id, addr), req, resp, data)
	if err != nil {
		w.untilReached(id, req.Term)
	}
	return err
}

// RequestVote implements raft.Transport.
func (w *wire) RequestVote(id raft.ServerID, addr raft.ServerAddress, req *raft.RequestVoteRequest, resp *raft.RequestVoteResponse) error {
	err := w.NetworkTransport.RequestVote(id, meant(id, addr), req, resp)
	w.outages.note(id, addr, err)
	return err
}

// RequestPreVote implements raft.WithPreVote.
func (w *wire) RequestPreVote(id raft.ServerID, addr raft.ServerAddress, req *raft.RequestPreVoteRequest, resp *raft.RequestPreVoteResponse) error {
	err := w.NetworkTransport.RequestPreVote(id, meant(id, addr), req, resp)
	w.outages.note(id, addr, err)
	return err
}

// TimeoutNow implements raft.Transport.
func (w *wire) TimeoutNow(id raft.ServerID, addr raft.ServerAddress, req *raft.TimeoutNowRequest, resp *raft.TimeoutNowResponse) error {
	return w.NetworkTransport.TimeoutNow(id, meant(id, addr), req, resp)
}

// untilReached returns when a follower answers a message of a term that is sent from now on,
// or is none of this leader's any more.
func (w *wire) untilReached(id raft.ServerID, term uint64) {
	began := time.Now()
	tick := time.NewTicker(reachInterval)
	defer tick.Stop()
	for !w.contacts.since(id, term, began) && w.leads(term, id) {
		select {
		case <-tick.C:
		case <-w.done:
			return
		}
	}
}

// AppendEntriesPipeline implements raft.Transport.
func (w *wire) AppendEntriesPipeline(id raft.ServerID, addr raft.ServerAddress) (raft.AppendPipeline, error) {
	inner, err := w.NetworkTransport.AppendEntriesPipeline(id, meant(id, addr))
	if err != nil {
		return nil, err
	}
	p := newPipeline(inner, id, w)
	w.mu.Lock()
	w.lines[p] = struct{}{}
	w.mu.Unlock()
	return p, nil
}

// committed has the pipelines tell followers that an entry is committed.
func (w *wire) committed(at position) {
	w.newest.Store(&at)
	w.mu.Lock()
	defer w.mu.Unlock()
	for p := range w.lines {
		select {
		case p.news <- struct{}{}:
		default:
		}
	}
}

func (w *wire) forget(p *pipeline) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.lines, p)
}
