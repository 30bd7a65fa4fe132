package agent

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// adversary does to a cluster what hosts and networks do.
type adversary struct {
	c      *testCluster
	rng    *rand.Rand
	faults []fault // that it makes

	mu       sync.Mutex
	doors    map[string]string // the agents' HTTP APIs
	happened map[string]int    // faults by name, those that had an effect
	broken   int               // connections that broke with a reply in them
	retried  int               // writes that agents tried again
	slowest  string            // fault, with the time until all was well
	longest  time.Duration
}

func newAdversary(c *testCluster, seed uint64) *adversary {
	v := &adversary{c: c, rng: rand.New(rand.NewPCG(seed, 1<<32)), faults: faults, doors: map[string]string{}, happened: map[string]int{}}
	for _, a := range c.running() {
		v.open(a)
	}
	return v
}

// open tells clients where an agent is.
func (v *adversary) open(a *testAgent) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.doors[a.name] = "http://" + a.Agent.http.Addrs()[0].String()
}

func (v *adversary) door(name string) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.doors[name]
}

// homes returns what gives each server a port to come back to, where most of them
// mostly do. The kernel hands out none of these by itself, so they stay free.
func homes(t *testing.T, rng *rand.Rand) func(*Config) {
	t.Helper()
	ports := map[string]int{}
	return func(cfg *Config) {
		if !cfg.Server || rng.IntN(4) == 0 {
			return
		}
		for ports[cfg.NodeName] == 0 {
			port := 20000 + rng.IntN(10000)
			if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
				l.Close()
				ports[cfg.NodeName] = port
			}
		}
		cfg.Ports.Server = ports[cfg.NodeName]
	}
}

// fault is something that is done to a settled cluster.
type fault struct {
	name  string
	parts bool                  // the leader from others, who may elect another
	do    func(*adversary) bool // reports, when it is over, whether it had an effect; the cluster is left to mend itself
}

// faults are what may be done.
var faults = []fault{
	{"leader killed", false, func(v *adversary) bool { return v.kill(v.c.leader()) }},
	{"server killed", false, func(v *adversary) bool { return v.kill(v.follower()) }},
	{"client killed", false, func(v *adversary) bool { return v.kill(v.c.by[[]string{"c1", "c2"}[v.rng.IntN(2)]]) }},
	{"leader cut off", true, func(v *adversary) bool { return v.cutOff(v.c.leader(), v.c.by["c1"]) }},
	{"server cut off", true, func(v *adversary) bool { return v.cutOff(v.follower(), v.c.by["c2"]) }},
	{"leader changed", false, (*adversary).handOver},
	{"leader cut off as it hands over", true, (*adversary).cutInHandOver},
	{"leader alone as another restarts", true, (*adversary).forget},
}

func (v *adversary) follower() *testAgent {
	leader := v.c.leader()
	others := slices.DeleteFunc(v.c.servers(), func(a *testAgent) bool { return a == leader })
	return others[v.rng.IntN(len(others))]
}

// run makes faults until ctx ends and each has been there, but not much longer.
func (v *adversary) run(ctx context.Context, patience time.Duration) {
	began, left := time.Now(), []int(nil)
	for ctx.Err() == nil || len(v.happened) < len(v.faults) && time.Since(began) < patience {
		if len(left) == 0 {
			left = v.rng.Perm(len(v.faults))
		}
		f, begun := v.faults[left[0]], time.Now()
		left = left[1:]
		if f.do(v) {
			v.happened[f.name]++
		}
		v.c.settled()
		if took := time.Since(begun); took > v.longest {
			v.longest, v.slowest = took, fmt.Sprintf("%s, %v", f.name, took.Round(time.Millisecond))
		}
	}
}

// kill ends an agent amidst what it is doing, and starts it again some time later.
func (v *adversary) kill(a *testAgent) bool {
	led, term := a.isLeader(), uint64(0)
	if led {
		term = a.replica.Term()
	}
	v.crash(a)
	next := v.c.leader()
	v.pause(500)
	v.reopen(a)
	return !led || next.name != a.name && next.replica.Term() > term
}

// crash ends an agent as the end of its host would.
func (v *adversary) crash(a *testAgent) {
	v.observe(a)
	// The way to others goes first, so that it finishes nothing it has begun.
	for _, k := range a.closers.list {
		if slices.Contains([]string{"server port", "dialer", "forwarder"}, k.name) {
			_ = k.close() // it is meant to be in a bad way
		}
	}
	v.c.kill(a)
}

// forget parts the leader from one follower and then from the other, which restarts in
// that moment: it remembers no leader, and elects another while the old one may still lean on what it said.
func (v *adversary) forget() bool {
	leader, other := v.c.leader(), v.follower()
	term := leader.replica.Term()
	v.c.net.set(func(from, to string) bool {
		return (from == leader.name || to == leader.name) && from != other.name && to != other.name
	})
	defer v.c.net.mend()
	v.pause(1000)
	v.c.net.split(leader.name)
	v.crash(other)
	v.reopen(other)
	others := slices.DeleteFunc(v.c.running(), func(a *testAgent) bool { return a == leader })
	v.c.await("a leader without the old one", func() error { _, err := agree(others); return err })
	v.pause(500)
	return leader.replica.Term() == term
}

// reopen starts an agent again.
func (v *adversary) reopen(a *testAgent) { v.open(v.c.restart(a)) }

// cutOff parts agents from all others for a while.
func (v *adversary) cutOff(agents ...*testAgent) bool {
	names := []string{}
	for _, a := range agents {
		names = append(names, a.name)
	}
	rest := slices.DeleteFunc(v.c.running(), func(a *testAgent) bool { return slices.Contains(agents, a) })
	v.c.net.split(names...)
	defer v.c.net.mend()
	v.c.await("a leader among the majority", func() error { _, err := agree(rest); return err })
	v.pause(1500)
	return true
}

// handOver makes another server lead.
func (v *adversary) handOver() bool {
	old := v.c.leader()
	if err := old.replica.TransferLeadership(v.c.t.Context(), ""); err != nil {
		return false
	}
	return v.c.leader() != old
}

// cutInHandOver has another server elected in spite of the old leader's lease, and no word of it come to that one.
func (v *adversary) cutInHandOver() bool {
	old := v.c.leader()
	term := old.replica.Term()
	others := slices.DeleteFunc(v.c.running(), func(a *testAgent) bool { return a == old })
	v.c.net.set(func(from, to string) bool { return to == old.name }) // it can still give its orders
	defer v.c.net.mend()
	handing, stop := context.WithCancel(v.c.t.Context())
	var transfer sync.WaitGroup
	transfer.Go(func() { _ = old.replica.TransferLeadership(handing, "") }) // it never learns whether it did
	defer transfer.Wait()
	defer stop()
	v.c.await("an heir", func() error {
		for _, s := range others {
			if s.replica != nil && s.replica.Term() > term {
				return nil
			}
		}
		return errors.New("none yet")
	})
	v.c.net.split(old.name)
	v.c.await("a leader without the old one", func() error { _, err := agree(others); return err })
	v.pause(1500)
	return old.replica.Term() == term
}

// pause lets up to so many ms pass.
func (v *adversary) pause(longest int) {
	rest(context.Background(), time.Duration(v.rng.IntN(longest))*time.Millisecond)
}

// breakReplies has connections between agents break now and then in the moment when
// they bring something: what was asked over them is done, and nobody hears of it.
func (v *adversary) breakReplies() {
	next := time.Now()
	v.c.net.lose(func() bool {
		// Mostly when there is much to be lost: elections should be over some day.
		if now := time.Now(); rand.IntN(300) == 0 && now.After(next) {
			next = now.Add(50 * time.Millisecond)
			v.broken++
			return true
		}
		return false
	})
}

// observe adds up what an agent counted, before it ends.
func (v *adversary) observe(a *testAgent) {
	const series = `muster_rpc_retries_total{of="write"} `
	code, text := a.call(http.MethodGet, "/metrics", "")
	_, value, found := strings.Cut(text, series)
	value, _, _ = strings.Cut(value, "\n")
	n, err := strconv.Atoi(value)
	if code != http.StatusOK || !found || err != nil {
		v.c.t.Errorf("%s has no series %s: %d, %v", a.name, series, code, err)
	}
	v.retried += n
}
