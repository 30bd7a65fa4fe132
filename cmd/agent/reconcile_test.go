package agent

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"muster/catalog"
	"muster/consensus"
	"muster/consensus/gossip"
)

// member makes a member from words: "s1 server alive", "c1 alive", "c1#other failed@2", "x left dc2", "c1 synced".
// Its id is that of its name unless # gives another; its address is 10.0.0.N for N the number in it, or behind @.
func member(t *testing.T, words string, now time.Time) gossip.Member {
	t.Helper()
	m := gossip.Member{Status: gossip.Alive, Datacenter: "dc1", Build: "1", Since: now.Add(-time.Hour)}
	address := ""
	for i, w := range strings.Fields(words) {
		w, at, moved := strings.Cut(w, "@")
		if moved {
			address = at
		}
		switch {
		case i == 0:
			name, id, other := strings.Cut(w, "#")
			m.Name, m.ID = name, "id-"+name
			if other {
				m.ID = "id-" + id
			}
			if address == "" {
				address = name[len(name)-1:]
			}
		case w == "server":
			m.Server = true
		case w == "failed":
			m.Status = gossip.Failed
		case w == "left":
			m.Status = gossip.Left
		case w == "now":
			m.Since = now
		case w == "synced":
			m.Tags = map[string]string{tagInLine: "1"}
		case w == "services", w == "waiting": // of the node in the catalog
		case w == "dc2":
			m.Datacenter = w
		case w == "alive":
		default:
			t.Fatalf("what is %q in %q", w, words)
		}
	}
	m.Addr = netip.MustParseAddr("10.0.0." + address)
	m.RPC = netip.AddrPortFrom(m.Addr, 8300)
	return m
}

// scene is a situation in words. Nodes are registered as they would be for members so described.
type scene struct {
	name     string
	members  []string
	nodes    []string            // what stands in the catalog already; "external" for one without serfHealth, "services" for one with an instance, "waiting" for one known to be back
	raft     []string            // "s1", "s2 novote"
	healthy  map[string]duration // id: for how long
	missing  map[string]duration
	expect   int
	keepDead bool
	want     []string
	wait     bool
}

type duration = time.Duration

func TestDecide(t *testing.T) {
	three := []string{"s1 server", "s2 server", "s3 server"}
	raft3 := []string{"s1", "s2", "s3"}
	for _, tc := range []scene{
		{name: "all is well", members: append(three, "c4"), nodes: append(three, "c4"), raft: raft3},
		{name: "newcomers are registered", members: append(three, "c4"), nodes: []string{"s1 server"}, raft: raft3,
			want: []string{"register c4 passing", "register s2 passing", "register s3 passing"}},
		{name: "other datacenters are none of our business", members: []string{"s1 server", "s2 server dc2"}, nodes: []string{"s1 server"}, raft: []string{"s1"}},
		{name: "a dead client turns critical", members: append(three, "c4 failed"), nodes: append(three, "c4"), raft: raft3, want: []string{"register c4 critical"}},
		{name: "once", members: append(three, "c4 failed"), nodes: append(three, "c4 failed"), raft: raft3},
		{name: "and passing when it is back", members: append(three, "c4"), nodes: append(three, "c4 failed"), raft: raft3, want: []string{"register c4 passing"}},
		{name: "but if it has services, not before it said how they are", members: append(three, "c4"), nodes: append(three, "c4 failed services"), raft: raft3,
			want: []string{"register c4 back"}},
		{name: "for which the leader waits", members: append(three, "c4"), nodes: append(three, "c4 services waiting"), raft: raft3},
		{name: "and then it passes", members: append(three, "c4 synced"), nodes: append(three, "c4 services waiting"), raft: raft3, want: []string{"register c4 passing"}},
		{name: "it may say so before anybody looks", members: append(three, "c4 synced"), nodes: append(three, "c4 failed services"), raft: raft3, want: []string{"register c4 passing"}},
		{name: "or die again meanwhile", members: append(three, "c4 failed"), nodes: append(three, "c4 services waiting"), raft: raft3, want: []string{"register c4 critical"}},
		{name: "a server's own service needs no word", members: append(three[:2:2], "s3 server"), nodes: append(three[:2:2], "s3 server failed"), raft: raft3, want: []string{"register s3 passing"}},
		{name: "its others do", members: append(three[:2:2], "s3 server"), nodes: append(three[:2:2], "s3 server failed services"), raft: raft3, want: []string{"register s3 back"}},
		{name: "moved while it was away", members: append(three, "c4@9"), nodes: append(three, "c4 failed services"), raft: raft3, want: []string{"register c4 back"}},
		{name: "away for less than it takes to notice", members: append(three, "c4"), nodes: append(three, "c4 services"), raft: raft3},
		{name: "services that are faster than the leader", members: append(three, "c4"), nodes: append(three, "c4 external services"), raft: raft3,
			want: []string{"register c4 passing"}},
		{name: "under a new id it is another", members: append(three, "c4#new"), nodes: append(three, "c4 failed services"), raft: raft3,
			want: []string{"deregister c4", "register c4 passing"}},
		{name: "who left goes", members: append(three, "c4 left"), nodes: append(three, "c4"), raft: raft3, want: []string{"deregister c4"}},
		{name: "a dead stranger is not registered", members: append(three, "c4 failed"), nodes: three, raft: raft3},
		{name: "an address that moved", members: append(three, "c4@9"), nodes: append(three, "c4"), raft: raft3, want: []string{"register c4 passing"}},
		{name: "a name under a new id", members: append(three, "c4#new"), nodes: append(three, "c4"), raft: raft3,
			want: []string{"deregister c4", "register c4 passing"}},
		{name: "the dead owner of a name that another has now", members: append(three, "c4#old failed"), nodes: append(three, "c4"), raft: raft3},
		{name: "an external node", members: three, nodes: append(three, "x7 external"), raft: raft3},
		{name: "a node nobody knows, at first", members: three, nodes: append(three, "c4"), raft: raft3, wait: true},
		{name: "a while", members: three, nodes: append(three, "c4"), raft: raft3, missing: map[string]duration{"c4": time.Minute},
			want: []string{"register c4 critical"}, wait: true},
		{name: "and for good", members: three, nodes: append(three, "c4 failed"), raft: raft3, missing: map[string]duration{"c4": time.Hour},
			want: []string{"deregister c4"}, wait: true},

		{name: "a new server has no vote yet", members: append(three, "s4 server"), nodes: append(three, "s4 server"), raft: raft3, want: []string{"put id-s4 10.0.0.4:8300 novote"}, wait: true},
		{name: "and waits", members: append(three, "s4 server"), nodes: append(three, "s4 server"), raft: append(raft3, "s4 novote"),
			healthy: map[string]duration{"id-s4": time.Second}, wait: true},
		{name: "till it is steady", members: append(three, "s4 server"), nodes: append(three, "s4 server"), raft: append(raft3, "s4 novote"),
			healthy: map[string]duration{"id-s4": time.Minute}, want: []string{"put id-s4 10.0.0.4:8300 vote"}, wait: true},
		{name: "a server moved", members: []string{"s1 server", "s2@9 server"}, nodes: []string{"s1 server", "s2@9 server"}, raft: []string{"s1", "s2"},
			want: []string{"put id-s2 10.0.0.9:8300 vote"}},
		{name: "two servers exchanged their addresses", members: []string{"s1 server", "s2@3 server", "s3@2 server"}, nodes: []string{"s1 server", "s2@3 server", "s3@2 server"},
			raft: append(raft3[:2:2], "s3 novote"), want: []string{"put id-s3 id-s3.moved.invalid:1 novote", "put id-s2 10.0.0.3:8300 vote", "put id-s3 10.0.0.2:8300 novote"}, wait: true},
		{name: "one moved to where another has gone from", members: []string{"s1 server", "s2@3 server", "s3 server failed"}, nodes: []string{"s1 server", "s2@3 server", "s3 server failed"},
			raft: raft3, expect: 3, want: []string{"put id-s3 id-s3.moved.invalid:1 vote", "put id-s2 10.0.0.3:8300 vote"}, wait: true},
		{name: "a new server where one has gone from that moved", members: append(three[:2:2], "s3@9 server", "s4@3 server"), nodes: append(three[:2:2], "s3@9 server", "s4@3 server"),
			raft: raft3, want: []string{"put id-s3 10.0.0.9:8300 vote", "put id-s4 10.0.0.3:8300 novote"}, wait: true},
		{name: "which comes first by its id", members: append(three[:2:2], "s3@9 server", "a4@3 server"), nodes: append(three[:2:2], "s3@9 server", "a4@3 server"),
			raft: raft3, want: []string{"put id-s3 id-s3.moved.invalid:1 vote", "put id-a4 10.0.0.3:8300 novote", "put id-s3 10.0.0.9:8300 vote"}, wait: true},
		{name: "and the other way round", members: append(three[:2:2], "s3@9 server", "s4@3 server"), nodes: append(three[:2:2], "s3@9 server", "s4@3 server"),
			raft: []string{"s1", "s2", "s4", "s3"}, want: []string{"put id-s3 10.0.0.9:8300 vote", "put id-s4 10.0.0.3:8300 vote"}},
		{name: "two at one address: wait until gossip knows better", members: append(three[:2:2], "s3@2 server"), nodes: append(three[:2:2], "s3@2 server"), raft: raft3, wait: true},
		{name: "a server left", members: append(three[:2:2], "s3 server left"), nodes: three[:2], raft: raft3, want: []string{"remove id-s3"}},
		{name: "a wiped server", members: append(three[:2:2], "s3#new server"), nodes: three, raft: raft3,
			want: []string{"deregister s3", "register s3 passing", "remove id-s3", "put id-new 10.0.0.3:8300 novote"}, wait: true},
		{name: "a dead server is kept while it is needed", members: append(three[:2:2], "s3 server failed"), nodes: append(three[:2:2], "s3 failed server"), raft: raft3, expect: 3, wait: true},
		{name: "and goes when it is replaced", members: append(three[:2:2], "s3 server failed", "s4 server"), expect: 3,
			nodes: append(three[:2:2], "s3 failed server", "s4 server"), raft: append(raft3, "s4"), want: []string{"remove id-s3", "expel s3"}, wait: true},
		{name: "unless that is switched off", members: append(three[:2:2], "s3 server failed", "s4 server"), expect: 3, keepDead: true,
			nodes: append(three[:2:2], "s3 failed server", "s4 server"), raft: append(raft3, "s4"), wait: true},
		{name: "or it has only just failed", members: append(three[:2:2], "s3 server failed now", "s4 server"), expect: 3,
			nodes: append(three[:2:2], "s3 failed server", "s4 server"), raft: append(raft3, "s4"), wait: true},
		{name: "a raft server nobody knows, at first", members: append(three[:2:2], "s4 server"), nodes: append(three[:2:2], "s4 server"), raft: append(raft3, "s4"), expect: 3, wait: true},
		{name: "goes too in the end", members: append(three[:2:2], "s4 server"), nodes: append(three[:2:2], "s4 server"), raft: append(raft3, "s4"), expect: 3,
			missing: map[string]duration{"id-s3": time.Minute}, want: []string{"remove id-s3"}, wait: true},
		{name: "two dead go one by one", members: append(three, "s4 server failed", "s5 server failed"), expect: 3,
			nodes: append(three, "s4 server failed", "s5 server failed"), raft: append(raft3, "s4", "s5"), want: []string{"remove id-s4", "expel s4"}, wait: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := tc.situation(t)
			d := s.decide()
			if got := d.words(); !slices.Equal(got, tc.want) && len(got)+len(tc.want) > 0 {
				t.Errorf("deeds %q, want %q", got, tc.want)
			}
			if d.wait != tc.wait {
				t.Errorf("wait %v, want %v", d.wait, tc.wait)
			}
			tc.settles(t, s, d)
		})
	}
}

func (tc *scene) situation(t *testing.T) *situation {
	t.Helper()
	now := time.Now()
	state := catalog.New()
	index := uint64(0)
	apply := func(c catalog.Command) {
		index++
		if _, err := state.Apply(index, c); err != nil {
			t.Fatal(err)
		}
	}
	for _, words := range tc.nodes {
		if name, rest, ok := strings.Cut(words, " external"); ok {
			r := &catalog.Register{Node: catalog.Node{Name: name, Address: "192.0.2.1"}}
			if rest == " services" {
				r.Instance = &catalog.Instance{ID: "web", Name: "web"}
			}
			apply(r)
			continue
		}
		m := member(t, words, now)
		apply(registration(&m, "dc1", aliveCheck(m.Name), false))
		if strings.Contains(words, "services") {
			apply(&catalog.Register{Node: catalog.Node{Name: m.Name, Address: m.Addr.String()}, Instance: &catalog.Instance{ID: "web", Name: "web"}})
		}
		if strings.Contains(words, "waiting") {
			apply(registration(&m, "dc1", silentCheck(m.Name), true))
		}
		if m.Status == gossip.Failed {
			apply(failure(state.Snapshot().Node(m.Name)))
		}
	}
	apply(&catalog.SetLineage{Lineage: catalog.Lineage{1}})
	s := &situation{
		datacenter: "dc1", self: "id-s1", expect: tc.expect, now: now, catalog: state.Snapshot(),
		autopilot: catalog.Autopilot{CleanupDeadServers: !tc.keepDead, ServerStabilizationTime: 10 * time.Second},
		healthy:   map[string]time.Time{}, missing: map[string]time.Time{},
	}
	s.initial = s.autopilot
	for _, words := range tc.members {
		s.members = append(s.members, member(t, words, now))
	}
	slices.SortFunc(s.members, func(a, b gossip.Member) int { return strings.Compare(a.Name, b.Name) })
	for _, words := range tc.raft {
		name, novote := strings.CutSuffix(words, " novote")
		s.servers = append(s.servers, consensus.Server{ID: "id-" + name, Address: "10.0.0." + name[len(name)-1:] + ":8300", Voter: !novote})
	}
	for id, ago := range tc.healthy {
		s.healthy[id] = now.Add(-ago)
	}
	for id, ago := range tc.missing {
		s.missing[id] = now.Add(-ago)
	}
	return s
}

// words renders deeds.
func (d *deeds) words() []string {
	var out []string
	for _, c := range d.commands {
		switch c := c.(type) {
		case *catalog.Register:
			how := string(c.Checks[0].Status)
			if c.Checks[0].SameAs(silentCheck(c.Node.Name)) {
				how = "back"
			}
			out = append(out, fmt.Sprintf("register %s %s", c.Node.Name, how))
		case *catalog.Deregister:
			out = append(out, "deregister "+c.Node)
		}
	}
	for _, id := range d.remove {
		out = append(out, "remove "+id)
	}
	for _, name := range d.expel {
		out = append(out, "expel "+name)
	}
	for _, s := range d.put {
		vote := map[bool]string{true: "vote", false: "novote"}[s.Voter]
		out = append(out, fmt.Sprintf("put %s %s %s", s.ID, s.Address, vote))
	}
	return out
}

// settles carries deeds out and expects that the rows then call for nothing more.
func (tc *scene) settles(t *testing.T, s *situation, d deeds) {
	t.Helper()
	state := catalog.New()
	var persisted strings.Builder
	if err := s.catalog.Persist(&persisted); err != nil {
		t.Fatal(err)
	}
	if err := state.Restore(strings.NewReader(persisted.String())); err != nil {
		t.Fatal(err)
	}
	for i, c := range d.commands {
		if _, err := state.Apply(1000+uint64(i), c); err != nil {
			text, _ := json.Marshal(c)
			t.Errorf("%s: %v", text, err)
		}
	}
	s.catalog = state.Snapshot()
	for _, m := range s.members {
		if more := s.rows(&m); m.Datacenter == "dc1" && len(more) > 0 {
			t.Errorf("%s: still calls for %q", m.Name, (&deeds{commands: more}).words())
		}
	}
}
