package dns

import (
	"net/netip"

	"github.com/miekg/dns"

	"muster/catalog"
)

// Names of tagged addresses that DNS reads.
const (
	lanIPv4 = "lan_ipv4"
	lanIPv6 = "lan_ipv6"
)

// addresses are what an instance or a node can be reached at.
type addresses struct {
	v4, v6 netip.Addr
	// host is a fully qualified name, set only when neither v4 nor v6 is.
	host string
	// own tells that they are the instance's, not its node's.
	own bool
	// primary is the address that HEX.addr targets are made of: the one registered as
	// the address itself, or else v4 before v6.
	primary netip.Addr
}

// of returns the address a record type holds; it is invalid when there is none.
func (a addresses) of(qtype uint16) netip.Addr {
	switch qtype {
	case dns.TypeA:
		return a.v4
	case dns.TypeAAAA:
		return a.v6
	}
	return netip.Addr{}
}

// all returns the valid ones of v4 and v6.
func (a addresses) all() []netip.Addr {
	var out []netip.Addr
	for _, ip := range []netip.Addr{a.v4, a.v6} {
		if ip.IsValid() {
			out = append(out, ip)
		}
	}
	return out
}

func (a addresses) none() bool { return !a.v4.IsValid() && !a.v6.IsValid() && a.host == "" }

// addressesFrom reads an address field and the tagged addresses over it.
func addressesFrom(address, tagged4, tagged6 string) addresses {
	var a addresses
	main := parseIP(address)
	switch {
	case main.Is4():
		a.v4 = main
	case main.Is6():
		a.v6 = main
	}
	if ip := parseIP(tagged4); ip.Is4() {
		a.v4 = ip
	}
	if ip := parseIP(tagged6); ip.Is6() {
		a.v6 = ip
	}
	a.primary = a.v4
	if main.Is6() || !a.v4.IsValid() {
		a.primary = a.v6
	}
	if !a.primary.IsValid() && address != "" && catalog.ValidHostName(address) == nil {
		a.host = dns.Fqdn(address)
	}
	return a
}

// parseIP returns the address in s as DNS can carry it, or an invalid one.
func parseIP(s string) netip.Addr {
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return netip.Addr{}
	}
	return a.Unmap()
}

func nodeAddresses(n *catalog.Node) addresses {
	return addressesFrom(n.Address, n.TaggedAddresses[lanIPv4], n.TaggedAddresses[lanIPv6])
}

// instanceAddresses returns where an instance is reached: at its own address, else at
// its node's. A host name that is the name asked for says nothing, so the node's counts then too.
func instanceAddresses(e *catalog.Entry, asked string) addresses {
	i := e.Instance
	address := i.Address
	if catalog.EqualFold(dns.Fqdn(address), asked) {
		address = ""
	}
	own := addressesFrom(address, i.TaggedAddresses[lanIPv4].Address, i.TaggedAddresses[lanIPv6].Address)
	own.own = true
	if address != "" {
		return own // none at all when the address is unusable: the node's would be a wrong answer
	}
	node := nodeAddresses(e.Node)
	if own.none() {
		return node
	}
	// Only tagged addresses are the instance's own: the node fills in the other family.
	if !own.v4.IsValid() {
		own.v4 = node.v4
	}
	if !own.v6.IsValid() {
		own.v6 = node.v6
	}
	return own
}
