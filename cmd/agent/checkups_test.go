package agent

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"muster/catalog"
	"muster/consensus"
	"muster/consensus/rpc"
)

// TestCheckups follows servers that behave, lag, fall silent and were never heard, as the leader sees them.
func TestCheckups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leader := rpc.Standing{Term: 3, LastIndex: 1000}
		fine := rpc.Standing{Term: 3, LastIndex: 990, LastContact: 50 * time.Millisecond}
		says := map[string]rpc.Standing{"a": fine, "b": fine, "old": {Term: 2, LastIndex: 990}, "far": {Term: 3, LastIndex: 1}, "deaf": {Term: 3, LastIndex: 990, LastContact: -1}}
		c := &checkups{
			self: "l", own: func() rpc.Standing { return leader }, autopilot: catalog.DefaultAutopilot,
			servers: func() (out []consensus.Server) {
				for _, id := range []string{"l", "a", "b", "old", "far", "deaf", "never"} {
					out = append(out, consensus.Server{ID: id, Address: id})
				}
				return out
			},
			ask: func(_ context.Context, address string) (rpc.Standing, error) {
				if s, ok := says[address]; ok {
					return s, nil
				}
				return rpc.Standing{}, errors.New("connection refused")
			},
		}
		began := time.Now()
		round := func() {
			c.set(c.round(t.Context()))
			time.Sleep(time.Second)
		}
		expect := func(id string, healthy bool, contact time.Duration, index uint64, since time.Duration) {
			t.Helper()
			k, ok := c.of(id)
			if !ok || k.healthy != healthy || k.LastContact != contact || k.LastIndex != index || k.since.Sub(began) != since {
				t.Errorf("%s: %+v, since %v", id, k, k.since.Sub(began))
			}
		}
		round()
		round()
		expect("l", true, 0, 1000, 0)
		expect("a", true, 50*time.Millisecond, 990, 0)
		expect("old", false, 0, 990, 0)
		expect("far", false, 0, 1, 0)
		expect("deaf", false, -1, 990, 0)
		expect("never", false, -1, 0, 0)
		delete(says, "b")
		round()
		expect("b", false, time.Second+50*time.Millisecond, 990, 2*time.Second)
		round()
		expect("b", false, 2*time.Second+50*time.Millisecond, 990, 2*time.Second)
		says["b"] = fine
		round()
		expect("b", true, 50*time.Millisecond, 990, 4*time.Second)
	})
}
