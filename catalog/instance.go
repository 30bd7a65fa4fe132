package catalog

import (
	"maps"
	"slices"
)

// Instance is one instance of a service on a node.
type Instance struct {
	Node              string                    // name of the node that carries it
	ID                string                    // unique on its node
	Name              string                    // the service it is an instance of
	Tags              []string                  `json:",omitempty"`
	Address           string                    `json:",omitempty"` // empty: the node's address
	Port              int                       `json:",omitempty"` // 0: none
	TaggedAddresses   map[string]ServiceAddress `json:",omitempty"`
	Meta              map[string]string         `json:",omitempty"`
	Weights           Weights
	EnableTagOverride bool         `json:",omitempty"` // others may change the tags; the agent then keeps them
	DNS               *InstanceDNS `json:",omitempty"` // nil: nothing out of the ordinary
	Locality          *Locality    `json:",omitempty"` // nil: that of the node
	Guard             *Guard       `json:",omitempty"` // nil: none
	CreateIndex       uint64
	ModifyIndex       uint64
}

// ServiceAddress is an address with a port of its own.
type ServiceAddress struct {
	Address string
	Port    int
}

// Weights are the relative shares of traffic an instance takes, by its health.
// Both lie in 0..65535, the range of an SRV weight (RFC 2782).
type Weights struct {
	Passing int
	Warning int
}

// DefaultWeights is what an instance that states no weights gets.
var DefaultWeights = Weights{Passing: 1, Warning: 1}

// Preset makes a weight that its owner leaves out, while stating the other, the default.
func (w *Weights) Preset() { *w = DefaultWeights }

// HasTag reports whether the instance carries tag, compared as DNS compares names: without regard to ASCII case.
func (i *Instance) HasTag(tag string) bool {
	return slices.ContainsFunc(i.Tags, func(t string) bool { return EqualFold(t, tag) })
}

// SameAs reports whether two instances differ in their indexes at most.
func (i *Instance) SameAs(o *Instance) bool {
	return i.Node == o.Node && i.ID == o.ID && i.Name == o.Name && slices.Equal(i.Tags, o.Tags) &&
		i.Address == o.Address && i.Port == o.Port && maps.Equal(i.TaggedAddresses, o.TaggedAddresses) &&
		maps.Equal(i.Meta, o.Meta) && i.Weights == o.Weights && i.EnableTagOverride == o.EnableTagOverride &&
		i.DNS.Equal(o.DNS) && i.Locality.Equal(o.Locality) && i.Guard.Equal(o.Guard)
}
