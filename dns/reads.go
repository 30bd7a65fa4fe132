package dns

import (
	"net/netip"

	"muster/catalog"
)

// reads is all that a lookup may ask of a snapshot. What is asked is noted in the
// watch, if there is one: a query that is not offered here would be one that a kept answer forgets.
type reads struct {
	snap *catalog.Snapshot
	*watch
}

// watch notes what an answer was made of. Nil notes nothing.
type watch struct {
	marks []<-chan struct{} // closed when something that was read has changed
	draws []draw
	// abroad says that something was read of another datacenter, or of which there
	// are; kept answers follow this one's catalog alone.
	abroad bool
	// personal says that the answer depends on who asks.
	personal bool
}

func (w *watch) sawAbroad() {
	if w != nil {
		w.abroad = true
	}
}

func (w *watch) sawClient() {
	if w != nil {
		w.personal = true
	}
}

// draw is one choice among several records.
type draw struct {
	owner  string // of the records
	shares []share
	keep   int // how many an answer carries
}

func (w *watch) saw(changed <-chan struct{}) {
	if w != nil {
		w.marks = append(w.marks, changed)
	}
}

func (r reads) Entries(service string) []catalog.Entry {
	e, changed := r.snap.WatchEntries(service)
	r.saw(changed)
	return e
}

func (r reads) Node(name string) *catalog.Node {
	n, changed := r.snap.WatchNode(name)
	r.saw(changed)
	return n
}

func (r reads) HasNodeBelow(suffix string) bool {
	has, changed := r.snap.WatchNodeBelow(suffix)
	r.saw(changed)
	return has
}

func (r reads) NodesAt(a netip.Addr) []*catalog.Node {
	n, changed := r.snap.WatchNodesAt(a)
	r.saw(changed)
	return n
}

func (r reads) InstancesAt(a netip.Addr) []*catalog.Instance {
	i, changed := r.snap.WatchInstancesAt(a)
	r.saw(changed)
	return i
}

func (r reads) FindPreparedQuery(name string) *catalog.PreparedQuery {
	q, changed := r.snap.FindPreparedQuery(name)
	r.saw(changed)
	return q
}

func (r reads) HasPreparedQueryBelow(suffix string) bool {
	has, changed := r.snap.WatchPreparedQueryBelow(suffix)
	r.saw(changed)
	return has
}

// OrderFrom is not watched where it follows a row: then it depends on who asks.
func (r reads) OrderFrom(near string, o catalog.QueryOrigin) string {
	if near == "_ip" {
		r.sawClient()
	}
	return r.snap.OrderFrom(near, o)
}

func (r reads) ChecksOfInstance(node, id string) []*catalog.Check {
	c, changed := r.snap.WatchChecksOfInstance(node, id)
	r.saw(changed)
	return c
}

// Brake also watches over the turns of the service's instances.
func (r reads) Brake(service string) *catalog.Brake {
	b, changed := r.snap.WatchBrake(service)
	r.saw(changed)
	return b
}

// Turn may be asked of instances of a service of which Brake was asked.
func (r reads) Turn(i *catalog.Instance) *catalog.Turn { return r.snap.Turn(i.Node, i.ID) }

func (r reads) Near(node string) catalog.Near {
	n, changed := r.snap.WatchNear(node)
	r.saw(changed)
	return n
}

// pick returns the indexes of the records to answer, in their order, as [byPriority]
// does. An answer that is kept holds all of them in the order of the catalog, and the
// watch says how to draw from it; one drawn in any other way is not kept.
func (l *lookup) pick(shares []share, keep int) []int {
	if l.snap.watch == nil || len(shares) < 2 {
		return byPriority(l.rng, shares, keep)
	}
	l.snap.draws = append(l.snap.draws, draw{l.name, shares, keep})
	all := make([]int, len(shares))
	for i := range all {
		all[i] = i
	}
	return all
}
