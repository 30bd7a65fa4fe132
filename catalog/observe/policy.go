package observe

import (
	"fmt"
	"net/netip"
)

// guarded are networks where an agent finds what is its own machine's, or what a cloud tells its machines in
// confidence, credentials among it. Nobody but its operator may have it ask there.
var guarded = []struct {
	network netip.Prefix
	what    string
}{
	{netip.MustParsePrefix("127.0.0.0/8"), "this agent's own loopback"},
	{netip.MustParsePrefix("::1/128"), "this agent's own loopback"},
	{netip.MustParsePrefix("0.0.0.0/8"), "this agent's own host"},
	{netip.MustParsePrefix("::/128"), "this agent's own host"},
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local, where clouds have their metadata"},
	{netip.MustParsePrefix("fe80::/10"), "link-local"},
	{netip.MustParsePrefix("fd00:ec2::/32"), "metadata of a cloud"},
	{netip.MustParsePrefix("100.100.100.200/32"), "metadata of a cloud"},
	{netip.MustParsePrefix("192.0.0.192/32"), "metadata of a cloud"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast"},
	{netip.MustParsePrefix("255.255.255.255/32"), "broadcast"},
	{netip.MustParsePrefix("ff00::/8"), "multicast"},
}

// translated are networks whose addresses lead to the IPv4 address at an offset within them.
var translated = []struct {
	network netip.Prefix
	at      int
}{
	{netip.MustParsePrefix("64:ff9b::/96"), 12}, // RFC 6052
	{netip.MustParsePrefix("2002::/16"), 2},     // RFC 3056
	{netip.MustParsePrefix("::/96"), 12},        // RFC 4291, 2.5.5.1
}

// Policy is where an agent may probe on behalf of others: anywhere but where it
// would find what is its own, save for the networks that its operator names.
type Policy struct{ Networks []netip.Prefix }

// Allow returns why an address must not be probed, or nil.
func (p Policy) Allow(a netip.Addr) error {
	a = a.Unmap().WithZone("")
	for _, n := range p.Networks {
		if n.Contains(a) {
			return nil
		}
	}
	for _, g := range guarded {
		if g.network.Contains(a) {
			return fmt.Errorf("%v is %s and not in external_probes.allow_networks of this agent", a, g.what)
		}
	}
	for _, t := range translated {
		if t.network.Contains(a) {
			b := a.As16()
			return p.Allow(netip.AddrFrom4([4]byte(b[t.at : t.at+4])))
		}
	}
	return nil
}
