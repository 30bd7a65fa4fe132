package top

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"muster/catalog/httpapi"
)

// fakeAgent answers as it is told to.
type fakeAgent struct {
	mu        sync.Mutex
	err       error // of all but the stream
	raftErr   error
	noServers bool // whoever asks for them waits for as long as he likes
	asked     int
	since     []httpapi.ClientPlace                                                         // of streams
	stream    func(ctx context.Context, n int, take func(httpapi.ClientChange) error) error // the nth; it ends when that returns
	metrics   string
	nodes     []httpapi.NodeInfo
}

func (f *fakeAgent) answer() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	return f.err
}

func (f *fakeAgent) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

func (f *fakeAgent) Self(context.Context) (*httpapi.AgentSelf, error) {
	return &httpapi.AgentSelf{Config: httpapi.AgentConfig{NodeName: "web1", Datacenter: "dc1", Version: "1.2.3"}, Stats: map[string]map[string]string{"consul": {"leader_addr": "10.0.0.1:8300"}}}, f.answer()
}

func (f *fakeAgent) Metrics(context.Context) ([]byte, error) { return []byte(f.metrics), f.answer() }

func (f *fakeAgent) RaftConfiguration(ctx context.Context, _ httpapi.ClientQuery) (*httpapi.RaftConfiguration, error) {
	if f.noServers {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return &httpapi.RaftConfiguration{Servers: []httpapi.RaftPeer{{Node: "s1", Address: "10.0.0.1:8300", Voter: true}}}, f.raftErr
}

func (f *fakeAgent) NodeInfos(context.Context, httpapi.ClientQuery) ([]httpapi.NodeInfo, error) {
	return f.nodes, f.answer()
}

func (f *fakeAgent) Changes(ctx context.Context, since httpapi.ClientPlace, take func(httpapi.ClientChange) error) error {
	f.mu.Lock()
	f.since = append(f.since, since)
	n := len(f.since)
	f.mu.Unlock()
	return f.stream(ctx, n, take)
}

// place is one in the history of the fake agent; 0: none.
func place(index uint64) httpapi.ClientPlace {
	if index == 0 {
		return httpapi.ClientPlace{}
	}
	return httpapi.ClientPlace{Index: index, Lineage: "line"}
}

// seen writes down what a feed sends but for the time and figures.
func seen(message any, into *[]string) {
	switch msg := message.(type) {
	case Batch:
		for _, one := range msg {
			seen(one, into)
		}
	case Loaded:
		*into = append(*into, fmt.Sprintf("loaded %d", len(msg.Nodes)))
	case Changed:
		*into = append(*into, fmt.Sprintf("changed %d", msg.Change.Index))
	case Linked:
		*into = append(*into, "linked")
	case Lost:
		*into = append(*into, fmt.Sprint("lost: ", msg.Err))
	}
}

// TestFeedGoesOn: a stream that breaks is taken up where it was, later and later while nobody
// answers, and from the beginning when that is asked for.
func TestFeedGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		refused := errors.New("refused")
		var began []time.Duration
		start := time.Now()
		change := func(index uint64) httpapi.ClientChange {
			return httpapi.ClientChange{Event: "change", At: place(index), Change: &httpapi.CatalogChange{Index: index}}
		}
		a := &fakeAgent{nodes: make([]httpapi.NodeInfo, 3)}
		a.stream = func(ctx context.Context, n int, take func(httpapi.ClientChange) error) error {
			began = append(began, time.Since(start))
			script := map[int][]httpapi.ClientChange{
				1:  {{Event: "begin", At: place(10)}, change(11), {At: httpapi.ClientPlace{Index: 15}}},
				9:  {{}, change(16)},
				10: {{Event: "reset", At: place(4)}, change(5)},
				11: {{Event: "begin", At: place(6)}},
			}[n]
			for _, c := range script {
				if err := take(c); err != nil {
					return err
				}
			}
			if n >= 10 {
				<-ctx.Done()
				return ctx.Err()
			}
			return refused
		}
		var got []string
		f := NewFeed(a, time.Second)
		go f.Run(ctx, func(m any) { seen(m, &got) })
		time.Sleep(time.Minute)
		synctest.Wait()
		f.Reload()
		time.Sleep(time.Second)
		synctest.Wait()
		want := []string{"loaded 3", "changed 11"}
		for range 8 {
			want = append(want, "lost: refused")
		}
		want = append(want, "linked", "changed 16", "lost: refused", "loaded 3", "changed 5", "loaded 3")
		if !slices.Equal(got, want) {
			t.Errorf("sent %q, want %q", got, want)
		}
		var since []httpapi.ClientPlace
		for _, index := range []uint64{0, 15, 15, 15, 15, 15, 15, 15, 15, 16, 0} {
			since = append(since, place(index))
		}
		if !slices.Equal(a.since, since) {
			t.Errorf("streams since %v, want %v", a.since, since)
		}
		for i := 2; i < 9; i++ {
			if gap := began[i] - began[i-1]; gap < firstRetry*3/4 || gap > lastRetry {
				t.Errorf("stream %d begins %v after the one before", i+1, gap)
			}
		}
		if first, last := began[1]-began[0], began[8]-began[7]; last < 4*first {
			t.Errorf("waits do not grow: %v at first, %v at last", first, last)
		}
	})
}

// TestFeedWhereNothingCanBeRead: a stream is of no use without what it goes on from.
func TestFeedWhereNothingCanBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		a := &fakeAgent{err: errors.New("no answer")}
		a.stream = func(ctx context.Context, _ int, take func(httpapi.ClientChange) error) error {
			if err := take(httpapi.ClientChange{Event: "begin", At: place(10)}); err != nil {
				return err
			}
			<-ctx.Done()
			return ctx.Err()
		}
		var got []string
		go NewFeed(a, time.Second).Run(ctx, func(m any) { seen(m, &got) })
		time.Sleep(300 * time.Millisecond)
		a.fail(nil)
		time.Sleep(time.Second)
		synctest.Wait()
		if len(got) < 3 || got[0] != "lost: no answer" || !slices.Contains(got, "loaded 0") || a.since[0] != place(0) || a.since[1] != place(0) {
			t.Errorf("sent %q, streams since %v", got, a.since)
		}
	})
}

// TestFeedSendsTogether: a burst of changes is one message.
func TestFeedSendsTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		a := &fakeAgent{}
		a.stream = func(ctx context.Context, _ int, take func(httpapi.ClientChange) error) error {
			for i := range 1000 {
				if err := take(httpapi.ClientChange{Event: "change", Change: &httpapi.CatalogChange{Index: uint64(i)}}); err != nil {
					return err
				}
			}
			<-ctx.Done()
			return ctx.Err()
		}
		var got []string
		sent := 0
		go NewFeed(a, time.Second).Run(ctx, func(m any) { sent++; seen(m, &got) })
		time.Sleep(500 * time.Millisecond)
		synctest.Wait()
		if len(got) != 1001 || sent > 3 {
			t.Errorf("%d changes in %d messages", len(got), sent)
		}
	})
}

func TestLook(t *testing.T) {
	a := &fakeAgent{metrics: "muster_raft_term 7\n", raftErr: errors.New("no server in reach")}
	if s := Look(t.Context(), a); s.Err != nil || s.Figures.Term != 7 || s.Raft != nil {
		t.Errorf("%+v", s)
	}
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		b := &fakeAgent{metrics: a.metrics, noServers: true}
		if s := Look(t.Context(), b); s.Err != nil || s.Figures.Term != 7 || s.Raft != nil || time.Since(start) != raftTimeout {
			t.Errorf("after %v: %+v", time.Since(start), s)
		}
	})
	a.fail(errors.New("gone"))
	if s := Look(t.Context(), a); s.Err == nil {
		t.Errorf("%+v", s)
	}
}
