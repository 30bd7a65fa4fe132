package dns

import (
	"time"

	"muster/catalog"
)

// Source is where the server gets what it answers from. View is called once per
// query, from many goroutines at once, and must not block.
type Source interface{ View() View }

// View is the catalog as an agent knows it at one moment.
type View struct {
	// Snapshot may be nil while Ready is false.
	Snapshot *catalog.Snapshot
	// Ready is false until the catalog has been loaded for the first time.
	Ready bool
	// Age is the time since the view was last known to be current; 0 on a leader.
	Age time.Duration
	// Remote returns what this agent holds of another datacenter's catalog, false
	// for one it has never heard of. Nil: there is no other. A name's case is free.
	Remote func(dc string) (View, bool)
	// Datacenters returns the names of all known datacenters, the nearest first, for those who look for
	// one near by. Nil: there is no other.
	Datacenters func() []string
	// Node is the name of this agent's node.
	Node string
}

// knows reports whether there is another datacenter of this name.
func (v View) knows(dc string) bool {
	if v.Remote == nil {
		return false
	}
	_, known := v.Remote(dc)
	return known
}
