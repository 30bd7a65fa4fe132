package catalog

import "time"

// Consistency says which index a read waits for before it looks at the local state.
type Consistency int

const (
	// Default waits for the leader's index, which the leader vouches for by its lease.
	Default Consistency = iota
	// Stale waits for nothing: any replica answers from what it has.
	Stale
	// Consistent waits for the leader's index, confirmed by a quorum.
	Consistent
)

// Freshness says how fresh a read was.
type Freshness struct {
	KnownLeader bool          // a leader was known when the read was served
	LastContact time.Duration // since the leader was last heard; 0 on the leader
}

// Counts are the sizes of the tables.
type Counts struct{ Nodes, Instances, Checks, Keys int }

// Counts returns how many rows there are.
func (s *Snapshot) Counts() Counts {
	return Counts{Nodes: s.nodes.len(), Instances: s.instances.len(), Checks: s.checks.len(), Keys: s.keys.len()}
}
