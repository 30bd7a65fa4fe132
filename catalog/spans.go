package catalog

import (
	"bytes"
	"cmp"
	"net/netip"
	"strings"
)

// Spans of the indexes, and the rows that stand there.

func nodeNamed(name string) span[Node] {
	return func(n *Node) int { return compareFold(n.Name, name) }
}

func nodeWithUUID(id string) span[Node] {
	return func(n *Node) int { return compareFold(n.ID, id) }
}

func nodesAt(a netip.Addr) span[Node] {
	a = bare(a)
	return func(n *Node) int { return addressOf(n.Address).Compare(a) }
}

func instanceOn(node, id string) span[Instance] {
	return func(i *Instance) int {
		if c := compareFold(i.Node, node); c != 0 {
			return c
		}
		return strings.Compare(i.ID, id)
	}
}

func instancesOn(node string) span[Instance] {
	return func(i *Instance) int { return compareFold(i.Node, node) }
}

func instancesOf(service string) span[Instance] {
	return func(i *Instance) int { return compareFold(i.Name, service) }
}

// instancesPast is the span of all services behind one.
func instancesPast(service string) span[Instance] {
	return func(i *Instance) int {
		if compareFold(i.Name, service) <= 0 {
			return -1
		}
		return 0
	}
}

func instancesAt(a netip.Addr) span[Instance] {
	a = bare(a)
	return func(i *Instance) int { return addressOf(i.Address).Compare(a) }
}

func checkOn(node, id string) span[Check] {
	return func(c *Check) int {
		if c := compareFold(c.Node, node); c != 0 {
			return c
		}
		return strings.Compare(c.ID, id)
	}
}

func checksOn(node string) span[Check] {
	return func(c *Check) int { return compareFold(c.Node, node) }
}

func checksOf(node, serviceID string) span[Check] {
	return func(c *Check) int {
		if c := compareFold(c.Node, node); c != 0 {
			return c
		}
		return strings.Compare(c.ServiceID, serviceID)
	}
}

func pairAt(key string) span[Pair] {
	return func(p *Pair) int { return strings.Compare(p.Key, key) }
}

func pairsBelow(prefix string) span[Pair] {
	return func(p *Pair) int { return comparePrefix(p.Key, prefix) }
}

func graveAt(key string) span[grave] {
	return func(g *grave) int { return strings.Compare(g.Key, key) }
}

func gravesBelow(prefix string) span[grave] {
	return func(g *grave) int { return comparePrefix(g.Key, prefix) }
}

func versionOf(resource string) span[version] {
	return func(v *version) int { return strings.Compare(v.Resource, resource) }
}

func memoryOf(id [16]byte) span[memory] {
	return func(m *memory) int { return bytes.Compare(m.ID[:], id[:]) }
}

func pairsHeldBy(session string) span[Pair] {
	return func(p *Pair) int { return strings.Compare(p.Session, session) }
}

func sessionOf(id string) span[Session] {
	return func(s *Session) int { return strings.Compare(s.ID, id) }
}

func sessionsOn(node string) span[Session] {
	return func(s *Session) int { return compareFold(s.Node, node) }
}

func delayOf(key string) span[Delay] {
	return func(d *Delay) int { return strings.Compare(d.Key, key) }
}

func coordinateOf(node string) span[NodeCoordinate] {
	return func(c *NodeCoordinate) int { return compareFold(c.Node, node) }
}

func (t *tables) coordinate(node string) *NodeCoordinate {
	return t.coordinates.first(byID, coordinateOf(node))
}

func (t *tables) session(id string) *Session { return t.sessions.first(byID, sessionOf(id)) }
func (t *tables) delay(key string) *Delay    { return t.delays.first(byID, delayOf(key)) }

func turnOn(node, id string) span[Turn] {
	return func(r *Turn) int { return cmp.Or(compareFold(r.Node, node), strings.Compare(r.ID, id)) }
}

func turnsOf(service string) span[Turn] {
	return func(r *Turn) int { return compareFold(r.Service, service) }
}

func brakeOf(service string) span[Brake] {
	return func(b *Brake) int { return compareFold(b.Service, service) }
}

func (t *tables) turn(node, id string) *Turn  { return t.turns.first(byID, turnOn(node, id)) }
func (t *tables) brake(service string) *Brake { return t.brakes.first(byID, brakeOf(service)) }

func (t *tables) node(name string) *Node { return t.nodes.first(byID, nodeNamed(name)) }
func (t *tables) instance(node, id string) *Instance {
	return t.instances.first(byID, instanceOn(node, id))
}
func (t *tables) check(node, id string) *Check { return t.checks.first(byID, checkOn(node, id)) }
func (t *tables) pair(key string) *Pair        { return t.keys.first(byID, pairAt(key)) }
func (t *tables) grave(key string) *grave      { return t.graves.first(byID, graveAt(key)) }
func (t *tables) version(resource string) *version {
	return t.versions.first(byID, versionOf(resource))
}
func (t *tables) memory(id [16]byte) *memory { return t.memories.first(byID, memoryOf(id)) }
func (t *tables) nodeByUUID(id string) *Node { return t.nodes.first(nodesByUUID, nodeWithUUID(id)) }

// comparePrefix is 0 for the keys that begin with prefix.
func comparePrefix(key, prefix string) int {
	return strings.Compare(key[:min(len(key), len(prefix))], prefix)
}

// addressOf is an address that rows are looked up by; invalid if it is missing or a host name.
func addressOf(address string) netip.Addr {
	a, _ := netip.ParseAddr(address) // host names are addresses as good as any, but are not looked up
	return bare(a)
}

// bare is an address as rows are looked up by it: IPv4 as such, and no zone.
func bare(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

func compareAddresses(a, b string) int {
	if a == b {
		return 0
	}
	return addressOf(a).Compare(addressOf(b))
}
