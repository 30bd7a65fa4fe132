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
	anew  bool // it holds for one question only
}

// draw is one choice among several records.
type draw struct {
	owner   string // of the records
	weights []int
	keep    int // how many an answer carries
}

func (w *watch) saw(changed <-chan struct{}) {
	if w != nil {
		w.marks = append(w.marks, changed)
	}
}

// drawAnew notes that the answer was drawn in a way that [draw] cannot tell of.
func (w *watch) drawAnew() {
	if w != nil {
		w.anew = true
	}
}

func (r reads) index() uint64 { return r.snap.Index }

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

func (r reads) ChecksOfInstance(node, id string) []*catalog.Check {
	c, changed := r.snap.WatchChecksOfInstance(node, id)
	r.saw(changed)
	return c
}

// draw returns the indexes of the records to answer, in their order: some of them
// by weight, or all. An answer that is kept holds all of them in the order of the
// catalog, and the watch says how to draw from it.
func (l *lookup) draw(weights []int, keep int) []int {
	if l.snap.watch == nil || len(weights) < 2 {
		return choose(l.rng, weights, keep)
	}
	l.snap.draws = append(l.snap.draws, draw{l.name, weights, keep})
	all := make([]int, len(weights))
	for i := range all {
		all[i] = i
	}
	return all
}
