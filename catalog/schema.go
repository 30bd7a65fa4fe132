package catalog

import (
	"bytes"
	"cmp"
	"strings"
)

// tables is a version of all rows. A published one never changes.
type tables struct {
	batch        uint64 // that wrote it
	nodes        table[Node]
	instances    table[Instance]
	checks       table[Check]
	keys         table[Pair]
	graves       table[grave]   // deleted keys, so that indexes never run backwards
	versions     table[version] // last index of each watched resource
	memories     table[memory]  // outcomes of Once
	sessions     table[Session]
	delays       table[Delay] // keys that cannot be acquired
	observations table[Observation]
	coordinates  table[NodeCoordinate]
	remembered   int // sum of the charges of memories
	turns        table[Turn]
	brakes       table[Brake]
	events       table[Event]
	queries      table[PreparedQuery]
	autopilot    *Autopilot // nil: never set
	lineage      Lineage
}

// grave remembers when a key was deleted.
type grave struct {
	Key   string
	Index uint64
}

// version is the raft index at which a resource last changed.
type version struct {
	Resource string
	Index    uint64
}

// Indexes. Names are ordered without regard to case where DNS or Consul's clients ignore it.
const (
	byID               = 0 // every table has it
	nodesByUUID        = 1
	nodesByAddress     = 2
	instancesByService = 1
	instancesByAddress = 2
	checksByOwner      = 1
	checksObserved     = 2
	nodesObserving     = 3
	byObserver         = 1
	gravesByAge        = 1
	memoriesByAge      = 1
	pairsBySession     = 1
	sessionsByNode     = 1
	turnsByService     = 1
)

// newTables returns tables without rows.
func newTables() *tables {
	return &tables{
		nodes:     table[Node]{layout: layoutOfNodes()},
		instances: table[Instance]{layout: layoutOfInstances()},
		checks:    table[Check]{layout: layoutOfChecks()},
		keys: table[Pair]{layout: &layout[Pair]{
			indexes: []index[Pair]{
				{order: func(a, b *Pair) int { return strings.Compare(a.Key, b.Key) }},
				{
					order: func(a, b *Pair) int {
						return cmp.Or(strings.Compare(a.Session, b.Session), strings.Compare(a.Key, b.Key))
					},
					holds: func(p *Pair) bool { return p.Session != "" },
				},
			},
			watches: func(p *Pair, touch func(watchKey)) { touchPair(p.Key, touch) },
		}},
		graves: table[grave]{layout: &layout[grave]{
			indexes: []index[grave]{
				{order: func(a, b *grave) int { return strings.Compare(a.Key, b.Key) }},
				{order: func(a, b *grave) int { return cmp.Or(cmp.Compare(a.Index, b.Index), strings.Compare(a.Key, b.Key)) }},
			},
			watches: func(*grave, func(watchKey)) {}, // a key that is buried was touched
		}},
		versions: table[version]{layout: &layout[version]{
			indexes: []index[version]{{order: func(a, b *version) int { return strings.Compare(a.Resource, b.Resource) }}},
			watches: func(v *version, touch func(watchKey)) { touch(watchResource(v.Resource)) },
		}},
		memories:     table[memory]{layout: layoutOfMemories()},
		sessions:     table[Session]{layout: layoutOfSessions()},
		observations: table[Observation]{layout: layoutOfObservations()},
		delays: table[Delay]{layout: &layout[Delay]{
			indexes: []index[Delay]{{order: func(a, b *Delay) int { return strings.Compare(a.Key, b.Key) }}},
			watches: func(_ *Delay, touch func(watchKey)) { touch(watchDelays()) },
		}},
		coordinates: table[NodeCoordinate]{layout: &layout[NodeCoordinate]{
			indexes: []index[NodeCoordinate]{{order: func(a, b *NodeCoordinate) int { return compareFold(a.Node, b.Node) }}},
			watches: func(*NodeCoordinate, func(watchKey)) {}, // by their resources
		}},
		queries: table[PreparedQuery]{layout: layoutOfQueries()},
		events: table[Event]{layout: &layout[Event]{
			indexes: []index[Event]{{order: func(a, b *Event) int {
				return cmp.Or(cmp.Compare(a.Index, b.Index), strings.Compare(a.ID, b.ID))
			}}},
			watches: func(*Event, func(watchKey)) {}, // by their resource
		}},
		turns: table[Turn]{layout: layoutOfTurns()},
		brakes: table[Brake]{layout: &layout[Brake]{
			indexes: []index[Brake]{{order: func(a, b *Brake) int { return compareFold(a.Service, b.Service) }}},
			watches: func(b *Brake, touch func(watchKey)) { touch(watchAnyGuard()); touch(watchGuards(b.Service)) },
		}},
	}
}

func layoutOfTurns() *layout[Turn] {
	place := func(a, b *Turn) int { return cmp.Or(compareFold(a.Node, b.Node), strings.Compare(a.ID, b.ID)) }
	return &layout[Turn]{
		indexes: []index[Turn]{
			{order: place},
			{order: func(a, b *Turn) int { return cmp.Or(compareFold(a.Service, b.Service), place(a, b)) }},
		},
		watches: func(r *Turn, touch func(watchKey)) { touch(watchAnyGuard()); touch(watchGuards(r.Service)) },
	}
}

func layoutOfSessions() *layout[Session] {
	byName := func(a, b *Session) int { return strings.Compare(a.ID, b.ID) }
	return &layout[Session]{
		indexes: []index[Session]{
			{order: byName},
			{order: func(a, b *Session) int { return cmp.Or(compareFold(a.Node, b.Node), byName(a, b)) }},
		},
		watches: func(*Session, func(watchKey)) {}, // by their resources
	}
}

func layoutOfMemories() *layout[memory] {
	byBytes := func(a, b *memory) int { return bytes.Compare(a.ID[:], b.ID[:]) }
	return &layout[memory]{
		indexes: []index[memory]{
			{order: byBytes},
			{order: func(a, b *memory) int { return cmp.Or(cmp.Compare(a.Index, b.Index), byBytes(a, b)) }},
		},
		watches: func(*memory, func(watchKey)) {}, // nobody asks for them
	}
}

func layoutOfNodes() *layout[Node] {
	byName := func(a, b *Node) int { return compareFold(a.Name, b.Name) }
	return &layout[Node]{
		indexes: []index[Node]{
			{order: byName},
			{
				order: func(a, b *Node) int { return cmp.Or(compareFold(a.ID, b.ID), byName(a, b)) },
				holds: func(n *Node) bool { return n.ID != "" },
			},
			{
				order:   func(a, b *Node) int { return cmp.Or(compareAddresses(a.Address, b.Address), byName(a, b)) },
				holds:   func(n *Node) bool { return addressOf(n.Address).IsValid() },
				address: func(n *Node) string { return n.Address },
			},
			{order: byName, holds: func(n *Node) bool { return n.Observes() > 0 }},
		},
		watches: func(n *Node, touch func(watchKey)) {
			touch(watchAnyRow())
			touch(watchNode(n.Name))
			if a := addressOf(n.Address); a.IsValid() {
				touch(watchNodesAt(a))
			}
		},
	}
}

func layoutOfInstances() *layout[Instance] {
	place := func(a, b *Instance) int { return cmp.Or(compareFold(a.Node, b.Node), strings.Compare(a.ID, b.ID)) }
	return &layout[Instance]{
		indexes: []index[Instance]{
			{order: place},
			{order: func(a, b *Instance) int { return cmp.Or(compareFold(a.Name, b.Name), place(a, b)) }},
			{
				order:   func(a, b *Instance) int { return cmp.Or(compareAddresses(a.Address, b.Address), place(a, b)) },
				holds:   func(i *Instance) bool { return addressOf(i.Address).IsValid() },
				address: func(i *Instance) string { return i.Address },
			},
		},
		watches: func(i *Instance, touch func(watchKey)) {
			touch(watchAnyRow())
			touch(watchAnyInstance())
			if a := addressOf(i.Address); a.IsValid() {
				touch(watchInstancesAt(a))
			}
		},
	}
}

func layoutOfObservations() *layout[Observation] {
	ofCheck := func(a, b *Observation) int {
		return cmp.Or(compareFold(a.Node, b.Node), strings.Compare(a.CheckID, b.CheckID))
	}
	byWhom := func(a, b *Observation) int { return compareFold(a.Observer, b.Observer) }
	return &layout[Observation]{
		indexes: []index[Observation]{
			{order: func(a, b *Observation) int { return cmp.Or(ofCheck(a, b), byWhom(a, b)) }},
			{order: func(a, b *Observation) int { return cmp.Or(byWhom(a, b), ofCheck(a, b)) }},
		},
		watches: func(*Observation, func(watchKey)) {}, // by the resource of the node
	}
}

func layoutOfChecks() *layout[Check] {
	byName := func(a, b *Check) int { return cmp.Or(compareFold(a.Node, b.Node), strings.Compare(a.ID, b.ID)) }
	return &layout[Check]{
		indexes: []index[Check]{
			{order: byName},
			{order: func(a, b *Check) int {
				return cmp.Or(compareFold(a.Node, b.Node), strings.Compare(a.ServiceID, b.ServiceID), strings.Compare(a.ID, b.ID))
			}},
			{order: byName, holds: func(c *Check) bool { return c.Definition != nil }},
		},
		watches: func(c *Check, touch func(watchKey)) { touch(watchAnyRow()); touch(watchChecksOf(c.Node, c.ServiceID)) },
	}
}
