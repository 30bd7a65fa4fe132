package rpc

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"muster/catalog"
)

// An attempt that leads nowhere ends by itself.
func TestAttemptIsBounded(t *testing.T) {
	c := newCluster(t, 2)
	hang, calls := lossOf(func(ctx context.Context) error { <-ctx.Done(); return unknown.err("hanging") })
	c.nodes[0].fault(faults{after: hang})
	f := c.agent(c.nodes[1], func(cfg *ForwarderConfig) { cfg.Attempt = 50 * time.Millisecond })
	if res, err := f.Apply(within(t), create("k")); err != nil || !res.OK || calls.Load() < 2 {
		t.Errorf("%+v, %v after %d attempts", res, err, calls.Load())
	}
}

// When time runs out the error says what is known of the write, once, and nothing contrary.
func TestOutOfTime(t *testing.T) {
	hang := func(ctx context.Context) error { <-ctx.Done(); return unknown.err("still waiting") }
	refuse := func(context.Context) error { return nothing.err("leadership is being handed over") }
	for _, tc := range []struct {
		name   string
		leader bool
		faults faults
		want   error
		text   string
	}{
		{"no leader", false, faults{}, catalog.ErrNothingWritten, "no leader"},
		{"refused", true, faults{before: refuse}, catalog.ErrNothingWritten, "handed over"},
		{"hanging", true, faults{before: hang}, catalog.ErrOutcomeUnknown, ""},
		{"unknown", true, faults{after: func(context.Context) error { return unknown.err("lost") }}, catalog.ErrOutcomeUnknown, "lost"},
	} {
		for _, local := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, local %t", tc.name, local), func(t *testing.T) {
				c := newCluster(t, 3)
				if !tc.leader {
					c.lead("")
				}
				c.nodes[0].fault(tc.faults)
				from := c.nodes[1]
				if local {
					from = c.nodes[0]
				}
				ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
				defer cancel()
				_, err := c.agent(from).Apply(ctx, set("k"))
				if catalog.CodeOf(err) != catalog.Unavailable || !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.text) {
					t.Fatalf("%v", err)
				}
				both := errors.Is(err, catalog.ErrNothingWritten) && errors.Is(err, catalog.ErrOutcomeUnknown)
				if both || strings.Count(err.Error(), tc.want.Error()) != 1 {
					t.Errorf("unclear: %v", err)
				}
			})
		}
	}
}

// An outcome that was once in doubt stays so, whatever later attempts say.
func TestDoubtStays(t *testing.T) {
	c := newCluster(t, 2)
	lose, _ := lossOf(func(context.Context) error { c.lead(""); return unknown.err("leadership was lost") })
	c.nodes[0].fault(faults{after: lose})
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	_, err := c.agent(c.nodes[1]).Apply(ctx, set("k"))
	if !errors.Is(err, catalog.ErrOutcomeUnknown) || errors.Is(err, catalog.ErrNothingWritten) || !strings.Contains(err.Error(), "no leader") {
		t.Error(err)
	}
}

// The leader gives up when the writer has.
func TestDeadlineTravels(t *testing.T) {
	c := newCluster(t, 2)
	left := make(chan time.Duration, 1)
	c.nodes[0].fault(faults{before: func(ctx context.Context) error {
		deadline, _ := ctx.Deadline()
		left <- time.Until(deadline)
		return nil
	}})
	f := c.agent(c.nodes[1], func(cfg *ForwarderConfig) { cfg.Attempt = time.Hour })
	for _, wait := range []time.Duration{time.Minute / 2, 10 * time.Minute, 0} {
		ctx, cancel := context.WithCancel(context.Background())
		want := defaultPatience
		if wait > 0 {
			ctx, cancel = context.WithTimeout(ctx, wait)
			want = min(wait, maxWait)
		}
		if _, err := f.Apply(ctx, set("k")); err != nil {
			t.Fatal(err)
		}
		cancel()
		if got := <-left; got > want || got < want-patience/4 {
			t.Errorf("%v to wait, the leader has %v", wait, got)
		}
	}
}

// The writer's going away reaches the leader.
func TestCancelTravels(t *testing.T) {
	c := newCluster(t, 2)
	began, ended := make(chan struct{}), make(chan struct{})
	c.nodes[0].fault(faults{before: func(ctx context.Context) error {
		close(began)
		<-ctx.Done()
		close(ended)
		return unknown.err("given up")
	}})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { _, err := c.agent(c.nodes[1]).Apply(ctx, set("k")); done <- err }()
	<-began
	cancel()
	select {
	case <-ended:
	case <-time.After(patience):
		t.Fatal("the leader still tries")
	}
	if err := <-done; !errors.Is(err, catalog.ErrOutcomeUnknown) {
		t.Error(err)
	}
}

func TestTooLarge(t *testing.T) {
	c := newCluster(t, 2)
	huge := &catalog.SetKey{Key: []byte("k"), Value: make([]byte, maxCommandBytes)}
	if _, err := c.agent(c.nodes[1]).Apply(within(t), huge); catalog.CodeOf(err) != catalog.TooLarge {
		t.Error(err)
	}
	if n := len(c.written()); n != 0 {
		t.Errorf("%d commands written", n)
	}
}

func TestClosed(t *testing.T) {
	c := newCluster(t, 2)
	f := c.agent(c.nodes[1])
	c.nodes[0].fault(faults{before: func(ctx context.Context) error { f.end(); <-ctx.Done(); return ctx.Err() }})
	if _, err := f.Apply(within(t), set("k")); catalog.CodeOf(err) != catalog.Unavailable {
		t.Error(err)
	}
	f.Close()
	if _, err := f.Apply(within(t), set("k")); !errors.Is(err, catalog.ErrNothingWritten) {
		t.Error(err)
	}
	if _, err := f.Read(within(t), catalog.Default); catalog.CodeOf(err) != catalog.Unavailable {
		t.Error(err)
	}
}
