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
		maps.Equal(want.TaggedAddresses, have.TaggedAddresses) && maps.Equal(want.Meta, have.Meta)
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

func sameCheck(want, have *catalog.Check) bool {
	return want.Status == have.Status && want.Output == have.Output && sameDefinition(want, have)
}
