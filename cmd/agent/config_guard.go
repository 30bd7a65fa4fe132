package agent

import (
	"net/netip"
	"slices"
	"strings"
)

// guards refuses to open to strangers what nothing keeps them out of: whoever
// reaches gossip can empty the catalog of nodes, and whoever reaches the server
// port can rewrite it.
func (b *builder) guards() {
	c := &b.cfg
	b.guardGossip("serf_lan", c.SerfLANAddr)
	if c.Server && !c.TLS.RPC.VerifyIncoming && open(c.BindAddr) {
		b.problem("bind_addr", "%s would let everyone at the server port: set verify_incoming and certificates, or name a private address of this machine", c.BindAddr)
	}
	b.guardAdvertised("advertise_addr", c.AdvertiseAddr)
	if _, on := c.SerfWANListen(); on {
		b.guardGossip("serf_wan", c.SerfWANAddr)
		b.guardAdvertised("advertise_addr_wan", c.AdvertiseAddrWAN)
	}
}

// guardGossip judges the address of a gossip pool, which is bind_addr unless it has its own.
func (b *builder) guardGossip(key string, own netip.Addr) {
	a := own
	if !a.IsValid() {
		key, a = "bind_addr", b.cfg.BindAddr
	}
	if open(a) && !b.encrypted() {
		b.problemOnce(key, "%s would let everyone at gossip: set encrypt to what `muster keygen` prints, or name a private address of this machine", a)
	}
}

// encrypted reports whether gossip has a key, or was meant to have one.
func (b *builder) encrypted() bool {
	return b.merged.Encrypt != nil && *b.merged.Encrypt != "" || b.broken("encrypt")
}

// guardAdvertised refuses to tell a public address without a key: whoever comes by
// it from outside is let in. With -dev, on loopback, nobody can come.
func (b *builder) guardAdvertised(key string, a netip.Addr) {
	if isPublic(a) && !b.cfg.DevMode && !b.encrypted() {
		b.problem(key, "%s is public, and everyone would be let at gossip: set encrypt to what `muster keygen` prints, or name a private address", a)
	}
}

// open reports whether strangers may reach what listens on an address.
func open(a netip.Addr) bool { return a.IsUnspecified() || isPublic(a) }

// hostAddrs settles the addresses that nobody named, from those of the host.
func (b *builder) hostAddrs(find func() ([]netip.Addr, error)) {
	c := &b.cfg
	switch {
	case c.BindAddr.IsUnspecified():
		if !c.AdvertiseAddr.IsValid() && !b.named("advertise_addr", b.merged.AdvertiseAddr) {
			c.AdvertiseAddr = b.privateAddr(find, "advertise_addr", "-advertise")
		}
	case c.BindAddr.IsValid(), b.named("bind_addr", b.merged.BindAddr): // named but not valid: that has been told
	default:
		c.BindAddr = b.privateAddr(find, "bind_addr", "-bind")
	}
	if !c.AdvertiseAddr.IsValid() {
		c.AdvertiseAddr = c.BindAddr
	}
	if !c.AdvertiseAddrWAN.IsValid() {
		c.AdvertiseAddrWAN = c.AdvertiseAddr
	}
}

// named reports whether a file or flag gives a key a value.
func (b *builder) named(key string, value *string) bool {
	return value != nil && *value != "" || b.broken(key)
}

// privateAddr finds the host's private address for a key that is missing.
func (b *builder) privateAddr(find func() ([]netip.Addr, error), key, flag string) netip.Addr {
	host, err := find()
	if err != nil {
		b.problem(key, "is missing and the host's addresses cannot be found: %v", err)
		return netip.Addr{}
	}
	switch private := privateAddrs(host); {
	case slices.Contains(private, b.cfg.AdvertiseAddr):
		return b.cfg.AdvertiseAddr
	case len(private) > 1:
		b.problem(key, "is missing and the host has several private addresses, say which (%s): %s", flag, strings.Join(texts(private), ", "))
		return netip.Addr{}
	case len(private) == 1:
		return private[0]
	}
	lone := loopbackOnly()[0]
	b.warn("the host has no private address: other agents cannot reach this one at " + lone.String() + " (bind_addr, advertise_addr)")
	return lone
}
