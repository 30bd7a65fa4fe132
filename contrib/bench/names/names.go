// Package names decides which names the benchmarks register, serve and ask, so
// that every server under test holds the same ones.
package names

import (
	"fmt"
	"net/netip"
)

// Domain is the zone all names are in.
const Domain = "consul"

// Port is what every instance listens on.
const Port = 8080

// Set is a catalog of Services services with Each instances each, spread evenly over Nodes nodes.
type Set struct {
	Services int
	Each     int
	Nodes    int
}

// Instance is one instance of a set, with one passing check.
type Instance struct {
	ID          string
	Service     string // its name
	Address     netip.Addr
	Node        string
	NodeAddress netip.Addr
}

// Len is the number of instances.
func (s Set) Len() int { return s.Services * s.Each }

// Service returns the name of service i.
func (s Set) Service(i int) string { return fmt.Sprintf("svc-%05d", i) }

// QName returns the name that asks for service i, without its last dot.
func (s Set) QName(i int) string { return s.Service(i) + ".service." + Domain }

// Instance returns instance n, n in 0..Len()-1. Neighbours belong to different
// services, so that whoever registers in order fills all services evenly.
func (s Set) Instance(n int) Instance {
	service, k := n%s.Services, n/s.Services
	node := n % s.Nodes
	return Instance{
		ID:          fmt.Sprintf("svc-%05d-%d", service, k),
		Service:     s.Service(service),
		Address:     address(10, service*s.Each+k),
		Node:        fmt.Sprintf("node-%04d", node),
		NodeAddress: address(172, 16<<16+node),
	}
}

// Of returns the instances of service i.
func (s Set) Of(i int) []Instance {
	of := make([]Instance, s.Each)
	for k := range of {
		of[k] = s.Instance(k*s.Services + i)
	}
	return of
}

// Target is the name an SRV record for an instance at this address points to.
func Target(a netip.Addr) string {
	return fmt.Sprintf("%x.addr.dc1.%s", a.As4(), Domain)
}

// address is the host at offset+1 within first.0.0.0/8.
func address(first byte, offset int) netip.Addr {
	offset++
	return netip.AddrFrom4([4]byte{first, byte(offset >> 16), byte(offset >> 8), byte(offset)})
}
