package local

import (
	"maps"

	"muster/catalog"
)

// The catalog spells a node's name as it was first registered and fills in the
// service name and tags of checks itself; neither is a difference.

func sameNode(want, have *catalog.Node) bool {
	return have != nil && catalog.EqualFold(want.Name, have.Name) && (want.ID == "" || catalog.EqualFold(want.ID, have.ID)) &&
		want.Address == have.Address && want.Datacenter == have.Datacenter &&
		maps.Equal(want.TaggedAddresses, have.TaggedAddresses) && maps.Equal(want.Meta, have.Meta) &&
		want.Locality.Equal(have.Locality)
}

func sameInstance(want, have *catalog.Instance) bool {
	w := *want
	w.Node = have.Node
	return w.SameAs(have)
}

// sameDefinition compares all but the verdict.
func sameDefinition(want, have *catalog.Check) bool {
	w := *want
	w.Node, w.ServiceName, w.ServiceTags = have.Node, have.ServiceName, have.ServiceTags
	w.Status = have.Status
	return w.SameButOutput(have)
}

// worse tells bad news of a check from good.
func worse(now, before catalog.Status) bool {
	return now != before && (now == catalog.Critical || before == catalog.Passing)
}

// cover reports whether all of some rows are among those of r.
func (r rows) cover(some rows) bool {
	for id, i := range some.instances {
		own, ok := r.instances[id]
		if !ok || (own == nil) != (i == nil) || i != nil && !sameInstance(i, own) {
			return false
		}
	}
	for id, c := range some.checks {
		own, ok := r.checks[id]
		if !ok || (own == nil) != (c == nil) || c != nil && !sameCheck(c, own) {
			return false
		}
	}
	return true
}

func sameCheck(want, have *catalog.Check) bool {
	return want.Status == have.Status && want.Output == have.Output && sameDefinition(want, have)
}
