package rpc

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"muster/catalog"
)

func TestReadModes(t *testing.T) {
	c := newCluster(t, 3)
	for _, tc := range []struct {
		name  string
		f     *Forwarder
		mode  catalog.Consistency
		want  catalog.Freshness
		index int64 // requests for the index
	}{
		{"leader, default", c.agent(c.nodes[0]), catalog.Default, catalog.Freshness{KnownLeader: true}, 0},
		{"follower, default", c.agent(c.nodes[1]), catalog.Default, catalog.Freshness{KnownLeader: true}, 1},
		{"follower, consistent", c.agent(c.nodes[1]), catalog.Consistent, catalog.Freshness{KnownLeader: true}, 1},
		{"client, consistent", c.agent(nil), catalog.Consistent, catalog.Freshness{KnownLeader: true}, 1},
		{"client that errs", c.agent(nil, knows(c.nodes[2].addr)), catalog.Default, catalog.Freshness{KnownLeader: true}, 1},
		{"follower, stale", c.agent(c.nodes[1]), catalog.Stale, catalog.Freshness{KnownLeader: true, LastContact: time.Minute}, 0},
		{"client, stale", c.agent(nil), catalog.Stale, catalog.Freshness{LastContact: time.Second}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			before := c.nodes[0].indexed.Load()
			fresh, err := tc.f.Read(within(t), tc.mode)
			if err != nil || fresh != tc.want {
				t.Errorf("%+v, %v", fresh, err)
			}
			if n := c.nodes[0].indexed.Load() - before; n != tc.index {
				t.Errorf("the leader was asked %d times, want %d", n, tc.index)
			}
		})
	}
}

// A read returns when its own state has what was written before it, and also if
// that state is replaced in the meantime.
func TestReadWaitsForState(t *testing.T) {
	for _, replace := range []bool{false, true} {
		t.Run(fmt.Sprint("replaced ", replace), func(t *testing.T) {
			c := newCluster(t, 2)
			var state atomic.Pointer[catalog.State]
			state.Store(c.nodes[1].state)
			f := c.agent(nil, func(cfg *ForwarderConfig) { cfg.State = state.Load })
			c.nodes[1].lags.Store(true)
			if _, err := c.nodes[0].Apply(within(t), set("k")); err != nil {
				t.Fatal(err)
			}
			done := make(chan error, 1)
			go func() { _, err := f.Read(within(t), catalog.Consistent); done <- err }()
			select {
			case err := <-done:
				t.Fatalf("returned before its state was there: %v", err)
			case <-time.After(20 * time.Millisecond):
			}
			if replace {
				state.Store(c.nodes[0].state)
			} else {
				c.nodes[1].arrive()
			}
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		})
	}
}

// While one request is under way, the next one gathers all who come.
func TestReadsShareRequests(t *testing.T) {
	c := newCluster(t, 2)
	f := c.agent(c.nodes[1])
	began, answer := make(chan struct{}, 10), make(chan struct{})
	c.nodes[0].fault(faults{index: func(context.Context) error { began <- struct{}{}; <-answer; return nil }})
	const readers = 200
	var reads sync.WaitGroup
	read := func() {
		if _, err := f.Read(within(t), catalog.Consistent); err != nil {
			t.Error(err)
		}
	}
	reads.Go(read)
	<-began
	for range readers {
		reads.Go(read)
	}
	x := f.indexes[catalog.Consistent]
	eventually(t, "all wait", func() bool { return x.waiting() == readers })
	close(answer)
	reads.Wait()
	if n := c.nodes[0].indexed.Load(); n != 2 {
		t.Errorf("%d requests for %d reads, want 2", n, readers+1)
	}
}

// No read is served by a request that began before it: what was written in between would be missing.
func TestReadsAreServedByLaterRequests(t *testing.T) {
	c := newCluster(t, 2)
	f := c.agent(c.nodes[1])
	began, answer := make(chan struct{}, 10), make(chan struct{}, 10)
	c.nodes[0].fault(faults{index: func(context.Context) error { began <- struct{}{}; <-answer; return nil }})
	first, second := make(chan error, 1), make(chan error, 1)
	go func() { _, err := f.Read(within(t), catalog.Default); first <- err }()
	<-began
	go func() { _, err := f.Read(within(t), catalog.Default); second <- err }()
	eventually(t, "the second waits", func() bool { return f.indexes[catalog.Default].waiting() == 1 })
	answer <- struct{}{}
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	<-began
	select {
	case <-second:
		t.Fatal("served by a request from before it")
	default:
	}
	answer <- struct{}{}
	if err := <-second; err != nil {
		t.Fatal(err)
	}
}

// waiting counts the readers of the next round.
func (x *indexes) waiting() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.next == nil {
		return 0
	}
	return x.next.readers
}

// A read waits out an election, also of a leader that hangs; without an end to that it fails as Unavailable.
func TestReadWithoutLeader(t *testing.T) {
	c := newCluster(t, 3)
	f := c.agent(c.nodes[1], func(cfg *ForwarderConfig) { cfg.Attempt = time.Hour })
	c.lead("")
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if _, err := f.Read(ctx, catalog.Default); catalog.CodeOf(err) != catalog.Unavailable {
		t.Errorf("%v", err)
	}
	if fresh, err := f.Read(ctx, catalog.Stale); err != nil || fresh.KnownLeader {
		t.Errorf("stale: %+v, %v", fresh, err)
	}
	began := make(chan struct{})
	hang, _ := lossOf(func(ctx context.Context) error { close(began); <-ctx.Done(); return ctx.Err() })
	c.nodes[0].fault(faults{index: hang})
	c.lead(c.nodes[0].addr)
	done := make(chan error, 1)
	go func() { _, err := f.Read(within(t), catalog.Default); done <- err }()
	<-began
	c.lead(c.nodes[2].addr)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// Readers leave when they must, and the request they waited on ends by itself.
func TestReadGivesUp(t *testing.T) {
	c := newCluster(t, 2)
	f := c.agent(c.nodes[1])
	c.nodes[0].fault(faults{index: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }})
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
	defer cancel()
	if _, err := f.Read(ctx, catalog.Consistent); catalog.CodeOf(err) != catalog.Unavailable {
		t.Error(err)
	}
}

// TestPeersOfSilentServer has the server that is asked first accept connections and say nothing.
func TestPeersOfSilentServer(t *testing.T) {
	c := newCluster(t, 3)
	f := c.agent(nil)
	order := f.spread.order(c.Peers())
	for _, n := range c.nodes {
		if n.addr == order[0] {
			n.ln.ice.Lock()
			defer n.ln.ice.Unlock()
		}
	}
	if got := f.Peers(); len(got) != 3 {
		t.Errorf("peers are %v", got)
	}
}

func TestPeers(t *testing.T) {
	c := newCluster(t, 3)
	gone := c.agent(nil, func(cfg *ForwarderConfig) { cfg.Servers = func() []string { return []string{"127.0.0.1:1"} } })
	for name, tc := range map[string]struct {
		f    *Forwarder
		want int
	}{"server": {c.agent(c.nodes[1]), 3}, "client": {c.agent(nil), 3}, "nobody answers": {gone, 0}} {
		if got := tc.f.Peers(); len(got) != tc.want {
			t.Errorf("%s: %v", name, got)
		}
		if got := tc.f.Leader(); got != c.nodes[0].addr {
			t.Errorf("%s: leader %q", name, got)
		}
	}
}
