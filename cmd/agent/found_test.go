package agent

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"muster/consensus"
	"muster/consensus/gossip"
)

// newborn is a server without state in a bubble, with what it sees of others.
type newborn struct {
	id       string
	sees     func() []gossip.Member
	promises *promises
	mu       sync.Mutex
	cluster  []consensus.Server // nil: no state
}

func (n *newborn) HasState() bool { n.mu.Lock(); defer n.mu.Unlock(); return n.cluster != nil }

func (n *newborn) Bootstrap(servers []consensus.Server) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cluster != nil {
		return errors.New("has state")
	}
	n.cluster = servers
	return nil
}

// nursery runs a founder for each server; sees tells by id whom it has met, itself included.
func nursery(t *testing.T, expect int, sees map[string]string, run time.Duration, down ...string) map[string]*newborn {
	t.Helper()
	all := map[string]*newborn{}
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), run)
		defer cancel()
		var running sync.WaitGroup
		for id, met := range sees {
			n := &newborn{id: "id-" + id}
			n.promises = &promises{hasState: n.HasState}
			n.sees = func() []gossip.Member {
				var out []gossip.Member
				for _, words := range strings.Split(met, ", ") {
					m := member(t, words, now)
					m.Expect = expect
					out = append(out, m)
				}
				return out
			}
			all[n.id] = n
		}
		byAddress := map[string]*newborn{}
		for id, n := range all {
			byAddress["10.0.0."+id[len(id)-1:]+":8300"] = n
		}
		for _, id := range down {
			delete(byAddress, "10.0.0."+id[len(id)-1:]+":8300")
		}
		for _, n := range all {
			f := &founder{
				id: n.id, expect: expect, replica: n, promises: n.promises, log: slog.New(slog.DiscardHandler),
				members: func() ([]gossip.Member, <-chan struct{}) { return n.sees(), nil },
				ask: func(_ context.Context, address, founder string) (bool, error) {
					if byAddress[address] == nil {
						return false, errors.New("unreachable")
					}
					return byAddress[address].promises.give(founder), nil
				},
			}
			running.Go(func() { f.run(ctx) })
		}
		running.Wait()
	})
	return all
}

func founders(all map[string]*newborn) []string {
	var out []string
	for id, n := range all {
		if n.cluster != nil {
			out = append(out, id)
		}
	}
	return out
}

func TestOneFounds(t *testing.T) {
	everybody := "s1 server, s2 server, s3 server, c4"
	for _, tc := range []struct {
		name string
		sees map[string]string
		down []string
		want string // the founder, "" for none
		size int
	}{
		{"three who have met", map[string]string{"s1": everybody, "s2": everybody, "s3": everybody}, nil, "id-s1", 3},
		{"two of three", map[string]string{"s1": "s1 server, s2 server", "s2": "s1 server, s2 server"}, nil, "", 0},
		{"one is dead", map[string]string{"s1": "s1 server, s2 server, s3 server failed"}, nil, "", 0},
		{"one cannot be reached", map[string]string{"s1": everybody, "s2": everybody, "s3": everybody}, []string{"s3"}, "", 0},
		{"clients do not count", map[string]string{"s1": "s1 server, s2 server, c3, c4"}, nil, "", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			all := nursery(t, 3, tc.sees, time.Minute, tc.down...)
			got := founders(all)
			if strings.Join(got, " ") != tc.want {
				t.Fatalf("founders %q, want %q", got, tc.want)
			}
			if tc.want != "" && len(all[tc.want].cluster) != tc.size {
				t.Errorf("cluster of %v", all[tc.want].cluster)
			}
		})
	}
}

// TestNoTwoFound has servers that see different others, so that two could found.
func TestNoTwoFound(t *testing.T) {
	for range 20 { // the order in which they wake is chance
		all := nursery(t, 3, map[string]string{
			"s1": "s1 server, s2 server, s3 server",
			"s2": "s2 server, s3 server, s4 server",
			"s3": "s1 server, s2 server, s3 server, s4 server",
			"s4": "s2 server, s3 server, s4 server",
		}, 10*time.Second)
		if got := founders(all); len(got) > 1 {
			t.Fatalf("founders %q", got)
		}
	}
}

func TestPromises(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		state := false
		p := &promises{hasState: func() bool { return state }}
		for _, c := range []struct {
			founder string
			want    bool
		}{{"a", true}, {"a", true}, {"b", false}} {
			if got := p.give(c.founder); got != c.want {
				t.Errorf("promise to %s: %v", c.founder, got)
			}
		}
		time.Sleep(promiseFor)
		if !p.give("b") || p.give("a") {
			t.Error("a promise ends")
		}
		state = true
		if p.give("b") {
			t.Error("a server with state makes none")
		}
	})
}
