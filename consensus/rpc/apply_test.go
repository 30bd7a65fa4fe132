package rpc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"muster/catalog"
)

// A command is made repeatable where it may come twice and that would show.
func TestWhatIsWrapped(t *testing.T) {
	batch := func(c ...catalog.Command) catalog.Command { return &catalog.Batch{Commands: c} }
	for _, tc := range []struct {
		name    string
		servers int
		forward bool
		command catalog.Command
		wrapped bool
	}{
		{"key, alone", 1, false, set("k"), false},
		{"key, cluster", 3, false, set("k"), true},
		{"key, forwarded", 3, true, set("k"), true},
		{"delete, cluster", 3, false, &catalog.DeleteKey{Key: []byte("k")}, true},
		{"autopilot, cluster", 3, false, &catalog.SetAutopilot{}, true},
		{"register, cluster", 3, false, register("n"), false},
		{"register, forwarded", 3, true, register("n"), false},
		{"deregister, forwarded", 3, true, &catalog.Deregister{Node: "n"}, false},
		{"batch of rows", 3, true, batch(register("n"), &catalog.Deregister{Node: "n"}), false},
		{"batch with a key", 3, true, batch(register("n"), set("k")), true},
		{"wrapped already", 3, true, once(set("k"), 7), true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newCluster(t, tc.servers)
			from := c.nodes[0]
			if tc.forward {
				from = c.nodes[1]
			}
			res, err := c.agent(from).Apply(within(t), tc.command)
			if err != nil {
				t.Fatal(err)
			}
			if b, ok := tc.command.(*catalog.Batch); ok && len(res.Batch) != len(b.Commands) {
				t.Errorf("%d outcomes for %d commands", len(res.Batch), len(b.Commands))
			}
			log := c.written()
			if len(log) != 1 {
				t.Fatalf("log has %d entries", len(log))
			}
			got, wrapped := log[0].(*catalog.Once)
			if wrapped != tc.wrapped {
				t.Errorf("written as %T", log[0])
			}
			if wrapped && got.ID == [16]byte{} {
				t.Error("the id is empty")
			}
		})
	}
}

// A write reaches the leader in one hop from wherever it comes, and shows in the writer's own state.
func TestForward(t *testing.T) {
	c := newCluster(t, 3)
	for name, f := range map[string]*Forwarder{
		"leader": c.agent(c.nodes[0]), "follower": c.agent(c.nodes[1]), "client": c.agent(nil),
		"client that errs about the leader":  c.agent(nil, knows(c.nodes[1].addr)),
		"client that knows no leader":        c.agent(nil, knows("")),
		"client with a leader long gone":     c.agent(nil, knows("127.0.0.1:1")),
		"follower that does not know itself": c.agent(c.nodes[2], func(cfg *ForwarderConfig) { cfg.Address = "" }),
	} {
		t.Run(name, func(t *testing.T) {
			res, err := f.Apply(within(t), create(name))
			if err != nil || !res.OK {
				t.Fatalf("%+v, %v", res, err)
			}
			if p, _ := f.cfg.State().Snapshot().Pair(name); p == nil {
				t.Error("the writer does not see its write")
			}
			if res, err := f.Apply(within(t), create(name)); err != nil || res.OK {
				t.Errorf("second create: %+v, %v", res, err)
			}
			_, err = f.Apply(within(t), &catalog.SetStatus{Node: "nobody", CheckID: "c", Status: catalog.Passing})
			if catalog.CodeOf(err) != catalog.NotFound {
				t.Errorf("code %q of %v", catalog.CodeOf(err), err)
			}
		})
	}
}

// The writer waits for its own state, but not for ever.
func TestOwnStateLags(t *testing.T) {
	c := newCluster(t, 2)
	f := c.agent(c.nodes[1])
	c.nodes[1].lags.Store(true)
	done := make(chan error, 1)
	go func() { _, err := f.Apply(within(t), set("a")); done <- err }()
	eventually(t, "written", func() bool { return len(c.written()) == 1 })
	select {
	case err := <-done:
		t.Fatalf("returned before the state had it: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	c.nodes[1].arrive()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	c.nodes[1].lags.Store(true)
	if _, err := f.Apply(within(t), set("b")); err != nil {
		t.Fatalf("a lag is no error: %v", err)
	}
}

// lossOf returns a fault that happens once.
func lossOf(do func(context.Context) error) (func(context.Context) error, *atomic.Int64) {
	calls := new(atomic.Int64)
	return func(ctx context.Context) error {
		if calls.Add(1) == 1 {
			return do(ctx)
		}
		return nil
	}, calls
}

// Whatever happens to the reply, the write is applied once and its first result is told.
func TestLostReply(t *testing.T) {
	for _, tc := range []struct {
		name   string
		client bool
		lose   func(c *cluster) func(context.Context) error
	}{
		{"connection cut", true, func(c *cluster) func(context.Context) error {
			return func(context.Context) error { c.nodes[0].ln.cut(); return nil }
		}},
		{"leader does not know", true, func(*cluster) func(context.Context) error {
			return func(context.Context) error { return unknown.err("leadership was lost") }
		}},
		{"leader here does not know", false, func(*cluster) func(context.Context) error {
			return func(context.Context) error { return unknown.err("leadership was lost") }
		}},
		{"leader falls silent and another is elected", true, func(c *cluster) func(context.Context) error {
			return func(ctx context.Context) error {
				c.lead(c.nodes[1].addr)
				<-ctx.Done() // the asker goes to the new one
				return ctx.Err()
			}
		}},
		{"leader dies, later one is elected", true, func(c *cluster) func(context.Context) error {
			return func(context.Context) error {
				c.lead("")
				go c.nodes[0].die()
				time.AfterFunc(50*time.Millisecond, func() { c.lead(c.nodes[2].addr) })
				return unknown.err("going down")
			}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newCluster(t, 3)
			member := c.nodes[0]
			if tc.client {
				member = nil
			}
			f := c.agent(member, func(cfg *ForwarderConfig) { cfg.Attempt = time.Hour })
			lose, _ := lossOf(tc.lose(c))
			c.nodes[0].fault(faults{after: lose})
			res, err := f.Apply(within(t), create("k"))
			if err != nil || !res.OK {
				t.Fatalf("%+v, %v", res, err)
			}
			if n := len(c.written()); n != 2 {
				t.Errorf("the command stands in the log %d times: the fault did not happen", n)
			}
			p, _ := f.cfg.State().Snapshot().Pair("k")
			if p == nil || p.ModifyIndex != 1 {
				t.Errorf("applied twice: %+v", p)
			}
		})
	}
}

// A command that shows when it comes twice is not repeated unless it was sent so from the first.
func TestAloneAndUnknown(t *testing.T) {
	c := newCluster(t, 1)
	c.nodes[0].fault(faults{after: func(context.Context) error { return unknown.err("the disk failed") }})
	_, err := c.agent(c.nodes[0]).Apply(within(t), set("k"))
	if !errors.Is(err, catalog.ErrOutcomeUnknown) || catalog.CodeOf(err) != catalog.Unavailable {
		t.Errorf("%v", err)
	}
	if n := len(c.written()); n != 1 {
		t.Errorf("written %d times", n)
	}
}

// A write waits for a leader as long as it may.
func TestElection(t *testing.T) {
	c := newCluster(t, 3)
	for i, f := range []*Forwarder{c.agent(c.nodes[0]), c.agent(c.nodes[1]), c.agent(nil)} {
		c.lead("")
		done := make(chan error, 1)
		go func() { _, err := f.Apply(within(t), set(fmt.Sprint(i))); done <- err }()
		select {
		case err := <-done:
			t.Fatalf("agent %d: returned without a leader: %v", i, err)
		case <-time.After(30 * time.Millisecond):
		}
		c.lead(c.nodes[2].addr)
		if err := <-done; err != nil {
			t.Errorf("agent %d: %v", i, err)
		}
	}
}

// A write that is refused as late is sent as another one if no attempt is in doubt, and else not again.
func TestTooLate(t *testing.T) {
	tooLate := func(context.Context) error { return late.err("") }
	for name, from := range map[string]int{"here": 0, "forwarded": 1} {
		c := newCluster(t, 3)
		f := c.agent(c.nodes[from])
		refuse, calls := lossOf(func(ctx context.Context) error {
			c.nodes[0].append(set("meanwhile"))
			return tooLate(ctx)
		})
		c.nodes[0].fault(faults{before: refuse})
		if _, err := f.Apply(within(t), set("k")); err != nil || calls.Load() != 2 {
			t.Errorf("%s: %v after %d attempts", name, err, calls.Load())
		}
		if o := c.written()[1].(*catalog.Once); o.Origin != 1 {
			t.Errorf("%s: its origin is still %d", name, o.Origin)
		}

		lose, _ := lossOf(func(context.Context) error { return unknown.err("leadership was lost") })
		refuse, attempts := lossOf(func(context.Context) error { return nil })
		c.nodes[0].fault(faults{after: lose, before: func(ctx context.Context) error {
			if err := refuse(ctx); err != nil || attempts.Load() == 1 {
				return err
			}
			return tooLate(ctx)
		}})
		_, err := f.Apply(within(t), set("k"))
		if !errors.Is(err, catalog.ErrOutcomeUnknown) || catalog.CodeOf(err) != catalog.Unavailable || attempts.Load() != 2 {
			t.Errorf("%s, in doubt: %v after %d attempts", name, err, attempts.Load())
		}
	}
}

// A client whose copy stands still knows how far the log is from the replies to its writes, and from the
// refusal of one that came too late.
func TestOriginOfAClient(t *testing.T) {
	c := newCluster(t, 3)
	f := c.agent(nil)
	origins := func() (out []uint64) {
		for _, cmd := range c.written() {
			if o, is := cmd.(*catalog.Once); is {
				out = append(out, o.Origin)
			}
		}
		return out
	}
	for range 2 {
		if _, err := f.Apply(within(t), set("k")); err != nil {
			t.Fatal(err)
		}
	}
	if got := origins(); !slices.Equal(got, []uint64{0, 1}) {
		t.Errorf("origins %d", got)
	}
	refuse, calls := lossOf(func(context.Context) error {
		c.nodes[0].append(set("meanwhile"))
		return late.err("")
	})
	c.nodes[0].fault(faults{before: refuse})
	if _, err := f.Apply(within(t), set("k")); err != nil || calls.Load() != 2 {
		t.Errorf("%v after %d attempts", err, calls.Load())
	}
	if got := origins(); !slices.Equal(got, []uint64{0, 1, 3}) {
		t.Errorf("origins %d: the second try must be of the index that the refusal came with", got)
	}
}
