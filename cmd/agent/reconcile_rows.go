package agent

import (
	"net/netip"

	"muster/catalog"
	"muster/consensus/gossip"
)

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
