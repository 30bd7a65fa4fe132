package agent

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"muster/catalog"
	"muster/consensus"
	"muster/consensus/gossip"
)

// situation is all that the leader looks at when it decides what to do about its
// cluster. Deciding changes nothing.
type situation struct {
	datacenter string
	self       string // the leader's node id
	expect     int    // bootstrap_expect; the cluster is not shrunk below it
	now        time.Time

	members   []gossip.Member
	servers   []consensus.Server // of the raft configuration
	catalog   *catalog.Snapshot
	autopilot catalog.Autopilot
	initial   catalog.Autopilot // what autopilot's settings are to be until somebody sets others
	lineage   catalog.Lineage   // at random, should the catalog need a name
	// healthy says since when a server, by node id, has been alive and close behind
	// the leader. Who is not listed is not.
	healthy map[string]time.Time
	// missing says since when nobody has heard of a node, by name, or of a raft
	// server, by id, that ought to be a member.
	missing map[string]time.Time
}

// deeds are what a situation calls for, to be done in this order.
type deeds struct {
	commands []catalog.Command  // the catalog's rows
	remove   []string           // raft servers, by id
	put      []consensus.Server // raft servers to add, to move or to promote
	// wait is set when time alone will call for more.
	wait bool
}

const (
	// missingIsFailed is how long a node may be unknown to gossip before it counts as failed. A
	// leader that was just started has not met everybody yet.
	missingIsFailed = 10 * time.Second
	// missingIsGone is how long until its rows go. Members that failed are known for far longer.
	missingIsGone = 10 * time.Minute
)

// decide compares the members that gossip knows with the catalog and with raft.
func (s *situation) decide() deeds {
	var d deeds
	if s.catalog.Lineage() == (catalog.Lineage{}) {
		d.commands = append(d.commands, &catalog.SetLineage{Lineage: s.lineage})
	}
	if s.autopilot.ModifyIndex == 0 && s.autopilot != s.initial {
		d.commands = append(d.commands, &catalog.SetAutopilot{Config: s.initial, CAS: true})
	}
	members := map[string]*gossip.Member{} // by folded name
	for i := range s.members {
		if m := &s.members[i]; catalog.EqualFold(m.Datacenter, s.datacenter) {
			members[catalog.Fold(m.Name)] = m
		}
	}
	for _, m := range s.members {
		if members[catalog.Fold(m.Name)] != nil {
			d.commands = append(d.commands, s.rows(&m)...)
		}
	}
	s.unknownNodes(&d, members)
	s.raft(&d)
	return d
}

// rows returns what the catalog lacks of a member.
func (s *situation) rows(m *gossip.Member) []catalog.Command {
	node := s.catalog.Node(m.Name)
	stranger := node != nil && node.ID != "" && !catalog.EqualFold(node.ID, m.ID)
	switch m.Status {
	case gossip.Alive:
		var out []catalog.Command
		if stranger {
			// Gossip lets a name go to another id only when its former owner is dead.
			out = append(out, &catalog.Deregister{Node: node.Name})
		}
		health := aliveCheck(m.Name)
		if !stranger && s.silent(m) {
			health = silentCheck(m.Name)
		}
		if stranger || !s.registered(m, node, health) {
			keep := node != nil && !stranger && node.ID != "" && node.Address == m.Addr.String()
			out = append(out, registration(m, s.datacenter, health, keep))
		}
		return out
	case gossip.Failed:
		if node == nil || stranger {
			return nil
		}
		if health := s.catalog.Check(m.Name, catalog.SerfHealth); health == nil || !health.SameAs(deadCheck(node.Name)) {
			return []catalog.Command{failure(node)}
		}
	case gossip.Left:
		if node != nil && !stranger {
			return []catalog.Command{&catalog.Deregister{Node: node.Name}}
		}
	}
	return nil
}

// registered reports whether the catalog has an alive member as it should.
func (s *situation) registered(m *gossip.Member, node *catalog.Node, want *catalog.Check) bool {
	if node == nil || node.ID == "" || node.Address != m.Addr.String() {
		return false
	}
	health, as := s.catalog.Check(m.Name, catalog.SerfHealth), *want
	as.Node = node.Name
	if health == nil || !health.SameAs(&as) {
		return false
	}
	have := s.catalog.Instance(m.Name, catalog.ServersService)
	if !m.Server {
		return have == nil
	}
	server := serverInstance(m)
	server.Node = node.Name
	return have != nil && have.SameAs(server)
}

// silent reports whether a member that was dead is alive and the rows of its services
// are still those of before. One that passes is left to pass: it was away for less
// than it takes to notice, and its own report is as fast as any word of ours.
func (s *situation) silent(m *gossip.Member) bool {
	health := s.catalog.Check(m.Name, catalog.SerfHealth)
	if m.Tags[tagInLine] == "1" || health == nil || health.Status != catalog.Critical {
		return false
	}
	for _, i := range s.catalog.InstancesOn(m.Name) {
		if i.ID != catalog.ServersService {
			return true
		}
	}
	return false
}

// registration is a member with what the leader registers for it. The rest of a
// node's row is for the node itself to say, so a row that stands is kept.
func registration(m *gossip.Member, datacenter string, health *catalog.Check, keep bool) *catalog.Register {
	r := &catalog.Register{
		Node:           memberNode(m, datacenter),
		SkipNodeUpdate: keep,
		Checks:         []*catalog.Check{health},
	}
	if m.Server {
		r.Instance = serverInstance(m)
	}
	return r
}

func memberNode(m *gossip.Member, datacenter string) catalog.Node {
	return catalog.Node{
		ID: m.ID, Name: m.Name, Address: m.Addr.String(), Datacenter: datacenter, TaggedAddresses: taggedAddresses(m.Addr, m.Addr),
	}
}

func serverInstance(m *gossip.Member) *catalog.Instance {
	return &catalog.Instance{
		ID: catalog.ServersService, Name: catalog.ServersService, Node: m.Name, Port: int(m.RPC.Port()),
		Meta: map[string]string{"version": m.Build}, Weights: catalog.DefaultWeights,
	}
}

func aliveCheck(node string) *catalog.Check {
	return serfHealth(node, catalog.Passing, "Agent alive and reachable")
}

func silentCheck(node string) *catalog.Check {
	return serfHealth(node, catalog.Critical, "Agent is back and has not reported its services yet")
}

func deadCheck(node string) *catalog.Check {
	return serfHealth(node, catalog.Critical, "Agent not live or unreachable")
}

func serfHealth(node string, status catalog.Status, output string) *catalog.Check {
	return &catalog.Check{Node: node, ID: catalog.SerfHealth, Name: "Serf Health Status", Status: status, Output: output}
}

// failure marks a node as dead.
func failure(node *catalog.Node) catalog.Command {
	return &catalog.Register{Node: *node, SkipNodeUpdate: true, Checks: []*catalog.Check{deadCheck(node.Name)}}
}

// unknownNodes deals with nodes that had an agent once, as serfHealth tells, and that gossip does not know.
func (s *situation) unknownNodes(d *deeds, members map[string]*gossip.Member) {
	nodes, _ := s.catalog.Nodes()
	for _, n := range nodes {
		health := s.catalog.Check(n.Name, catalog.SerfHealth)
		if members[catalog.Fold(n.Name)] != nil || health == nil {
			continue
		}
		since, noted := s.missing[catalog.Fold(n.Name)]
		d.wait = true
		switch gone := s.now.Sub(since); {
		case noted && gone >= missingIsGone:
			d.commands = append(d.commands, &catalog.Deregister{Node: n.Name})
		case noted && gone >= missingIsFailed && health.Status != catalog.Critical:
			d.commands = append(d.commands, failure(n))
		}
	}
}

// raft compares the server members with the raft configuration.
func (s *situation) raft(d *deeds) {
	byID := map[string]*gossip.Member{}
	for i := range s.members {
		if m := &s.members[i]; m.Server && catalog.EqualFold(m.Datacenter, s.datacenter) {
			byID[catalog.Fold(m.ID)] = m
		}
	}
	in := map[string]*consensus.Server{}
	for i := range s.servers {
		in[catalog.Fold(s.servers[i].ID)] = &s.servers[i]
	}
	for _, m := range byID {
		if m.Status == gossip.Alive {
			s.welcome(d, m, in[catalog.Fold(m.ID)])
		}
	}
	slices.SortFunc(d.put, func(a, b consensus.Server) int { return cmp.Compare(a.ID, b.ID) })
	s.partings(d, byID)
}

// welcome adds an alive server to raft, first without a vote, moves one whose
// address has changed, and gives a vote to one that has proved itself.
func (s *situation) welcome(d *deeds, m *gossip.Member, in *consensus.Server) {
	address := m.RPC.String()
	if in == nil {
		// A server that lost its disk comes back under another id at the same address.
		for _, old := range s.servers {
			if old.Address == address {
				d.remove = append(d.remove, old.ID)
			}
		}
		d.put = append(d.put, consensus.Server{ID: m.ID, Address: address})
		d.wait = true
		return
	}
	promote := false
	if !in.Voter {
		since, healthy := s.healthy[in.ID]
		promote = healthy && s.now.Sub(since) >= s.autopilot.ServerStabilizationTime
		d.wait = true
	}
	if promote || in.Address != address {
		d.put = append(d.put, consensus.Server{ID: in.ID, Address: address, Voter: in.Voter || promote})
	}
}

// partings removes servers from raft that left, and those that failed once there is no need of them.
func (s *situation) partings(d *deeds, members map[string]*gossip.Member) {
	var failed []consensus.Server
	alive := 0
	for _, r := range s.servers {
		m := members[catalog.Fold(r.ID)]
		switch {
		case slices.Contains(d.remove, r.ID):
		case r.ID == s.self, m != nil && m.Status == gossip.Alive:
			if r.Voter {
				alive++
			}
		case m != nil && m.Status == gossip.Left:
			d.remove = append(d.remove, r.ID)
		case m == nil || m.Status == gossip.Failed:
			failed = append(failed, r)
		}
	}
	if len(failed) == 0 {
		return
	}
	d.wait = true
	least := max(s.expect, int(s.autopilot.MinQuorum), 1)
	if !s.autopilot.CleanupDeadServers || alive < least || len(d.remove) > 0 {
		return
	}
	for _, r := range failed {
		since, noted := s.missing[r.ID]
		if m := members[catalog.Fold(r.ID)]; m != nil {
			since, noted = m.Since, true
		}
		if noted && s.now.Sub(since) >= max(s.autopilot.ServerStabilizationTime, missingIsFailed) {
			d.remove = append(d.remove, r.ID)
			return // one at a time: each is looked at with the rest as it then is
		}
	}
}

// taggedAddresses are a node's addresses by the names that Consul's clients look under.
func taggedAddresses(lan, wan netip.Addr) map[string]string {
	tagged := map[string]string{}
	for name, a := range map[string]netip.Addr{"lan": lan, "wan": wan} {
		family := "_ipv4"
		if !a.Unmap().Is4() {
			family = "_ipv6"
		}
		tagged[name], tagged[name+family] = a.String(), a.String()
	}
	return tagged
}
