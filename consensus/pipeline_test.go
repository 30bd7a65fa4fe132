package consensus

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"
)

func TestFollowing(t *testing.T) {
	for _, tc := range []struct {
		name        string
		term        uint64 // of the pipeline
		told, sent  uint64 // the commit index and the last entry the follower was sent
		commit      position
		wantMessage bool
	}{
		{"news", 3, 10, 12, position{12, 3}, true},
		{"news of an entry before the last", 3, 10, 12, position{11, 3}, true},
		{"no news", 3, 12, 12, position{12, 3}, false},
		{"old news", 3, 12, 12, position{11, 3}, false},
		{"the entry was not sent yet", 3, 10, 12, position{13, 3}, false},
		{"an entry of an earlier term", 3, 10, 12, position{12, 2}, false},
		{"the pipeline outlived its term", 3, 10, 12, position{12, 4}, false},
		{"nothing is committed or sent", 0, 0, 0, position{}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			next := &raft.AppendEntriesRequest{Term: tc.term, LeaderCommitIndex: tc.told, PrevLogEntry: tc.sent, PrevLogTerm: tc.term}
			req, ok := following(next, tc.commit)
			if ok != tc.wantMessage {
				t.Fatalf("message: %v", ok)
			}
			if ok && (req.LeaderCommitIndex != tc.commit.index || req.PrevLogEntry != tc.sent || req.Term != tc.term || next.LeaderCommitIndex != tc.told) {
				t.Errorf("message %+v after %+v", req, next)
			}
		})
	}
}

// fakePipeline answers each message when the test says so. At most one is under way.
type fakePipeline struct {
	sent    chan *raft.AppendEntriesRequest
	answers chan raft.AppendFuture
	closed  chan struct{}
}

type fakeFuture struct {
	raft.AppendFuture
	req     *raft.AppendEntriesRequest
	success bool
	start   time.Time
}

func (f *fakeFuture) Request() *raft.AppendEntriesRequest { return f.req }
func (f *fakeFuture) Start() time.Time                    { return f.start }
func (f *fakeFuture) Response() *raft.AppendEntriesResponse {
	return &raft.AppendEntriesResponse{Success: f.success}
}

var errFakeClosed = errors.New("closed")

func (f *fakePipeline) AppendEntries(req *raft.AppendEntriesRequest, _ *raft.AppendEntriesResponse) (raft.AppendFuture, error) {
	select {
	case f.sent <- req:
		return nil, nil
	case <-f.closed:
		return nil, errFakeClosed
	}
}
func (f *fakePipeline) Consumer() <-chan raft.AppendFuture { return f.answers }
func (f *fakePipeline) Close() error                       { close(f.closed); return nil }

func fakeLine() (*fakePipeline, *pipeline, *wire) {
	inner := &fakePipeline{make(chan *raft.AppendEntriesRequest), make(chan raft.AppendFuture), make(chan struct{})}
	w := &wire{lines: map[*pipeline]struct{}{}}
	w.newest.Store(&position{})
	p := newPipeline(inner, "f", w)
	w.lines[p] = struct{}{}
	return inner, p, w
}

func entries(term uint64, indexes ...uint64) []*raft.Log {
	var logs []*raft.Log
	for _, i := range indexes {
		logs = append(logs, &raft.Log{Index: i, Term: term})
	}
	return logs
}

func TestNudge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner, p, w := fakeLine()
		send := func(commit uint64, logs []*raft.Log) {
			go p.AppendEntries(&raft.AppendEntriesRequest{Term: 2, PrevLogEntry: 4, PrevLogTerm: 1, LeaderCommitIndex: commit, Entries: logs}, nil)
			<-inner.sent
		}
		quiet := func(why string) {
			t.Helper()
			select {
			case req := <-inner.sent:
				t.Errorf("%s: sent %+v", why, req)
			case <-time.After(time.Second):
			}
		}
		send(4, entries(2, 5, 6, 7))
		w.committed(position{6, 2})
		began := time.Now()
		if req := <-inner.sent; req.LeaderCommitIndex != 6 || req.PrevLogEntry != 7 || req.PrevLogTerm != 2 || len(req.Entries) != 0 || time.Since(began) > nudgeDelay {
			t.Errorf("after %v: %+v", time.Since(began), req)
		}
		w.committed(position{6, 2})
		quiet("the follower knows")
		w.committed(position{7, 2})
		send(7, nil)
		quiet("raft was quicker")
		for range 2 {
			if err := p.Close(); err != nil || len(w.lines) != 0 {
				t.Errorf("the wire keeps a closed pipeline (%v)", err)
			}
		}
		w.committed(position{8, 2})
		w.work.Wait()
	})
}

// Raft stops reading answers at the first refusal, and may be about to send.
func TestRefusalClosesThePipeline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner, p, w := fakeLine()
		sent := time.Now()
		inner.answers <- &fakeFuture{req: &raft.AppendEntriesRequest{Term: 2}, success: true, start: sent}
		if f := <-p.Consumer(); !f.Response().Success || !w.contacts.since("f", 2, sent) {
			t.Error("a good answer was lost")
		}
		blocked := make(chan error)
		go func() {
			_, err := p.AppendEntries(&raft.AppendEntriesRequest{Term: 2}, nil)
			blocked <- err
		}()
		<-time.After(time.Second) // it is under way by then
		inner.answers <- &fakeFuture{req: &raft.AppendEntriesRequest{Term: 2}, start: time.Now()}
		if f := <-p.Consumer(); f.Response().Success || w.contacts.since("f", 2, time.Now()) {
			t.Error("a refusal counts as a contact")
		}
		if err := <-blocked; err != errFakeClosed {
			t.Errorf("the message that was waiting: %v", err)
		}
		w.work.Wait()
	})
}
