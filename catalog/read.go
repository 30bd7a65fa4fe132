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

// Counts walks all tables: cheap enough for a scrape, too dear for a request.
func (s *Snapshot) Counts() Counts {
	return Counts{
		Nodes:     count(rows[Node](s.txn, tableNodes, "id", "")),
		Instances: count(rows[Instance](s.txn, tableInstances, "id", "")),
		Checks:    count(rows[Check](s.txn, tableChecks, "id", "")),
		Keys:      count(rows[Pair](s.txn, tableKeys, "id", "")),
	}
}

func count[T any](seq func(yield func(*T) bool)) int {
	n := 0
	for range seq {
		n++
	}
	return n
}
