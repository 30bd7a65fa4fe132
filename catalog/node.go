package catalog

import "maps"

// Node is a machine, or anything else with an address, that carries instances and checks.
type Node struct {
	ID              string `json:",omitempty"` // UUID; empty for nodes registered without one
	Name            string // unique without regard to case
	Address         string // an IP address, or a host name
	Datacenter      string
	TaggedAddresses map[string]string `json:",omitempty"` // "lan", "wan", "lan_ipv4", "lan_ipv6", ... to address
	Meta            map[string]string `json:",omitempty"`
	Locality        *Locality         `json:",omitempty"` // nil: not said
	CreateIndex     uint64            // raft index of the registration
	ModifyIndex     uint64            // raft index of the last change
}

// sameAs reports whether two nodes differ in their indexes at most.
func (n *Node) sameAs(o *Node) bool {
	return n.ID == o.ID && n.Name == o.Name && n.Address == o.Address && n.Datacenter == o.Datacenter &&
		maps.Equal(n.TaggedAddresses, o.TaggedAddresses) && maps.Equal(n.Meta, o.Meta) && n.Locality.Equal(o.Locality)
}
