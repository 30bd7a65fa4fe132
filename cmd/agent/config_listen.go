package agent

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

func (b *builder) addresses(k *addressKeys) {
	c := &b.cfg
	b.addr(&c.BindAddr, "bind_addr", k.BindAddr)
	b.addr(&c.AdvertiseAddr, "advertise_addr", k.AdvertiseAddr)
	if k.ClientAddr != nil {
		c.ClientAddrs = b.addrs("client_addr", *k.ClientAddr)
	}
	if k.Addresses.DNS != nil {
		c.DNSAddrs = b.addrs("addresses.dns", *k.Addresses.DNS)
	}
	if k.Addresses.HTTP != nil {
		c.HTTPAddrs = b.httpAddrs(*k.Addresses.HTTP)
	}
	b.port(&c.Ports.DNS, "ports.dns", k.Ports.DNS, -1)
	b.port(&c.Ports.HTTP, "ports.http", k.Ports.HTTP, -1)
	b.port(&c.Ports.HTTPS, "ports.https", k.Ports.HTTPS, -1)
	b.port(&c.Ports.Server, "ports.server", k.Ports.Server, 0)
	b.port(&c.Ports.SerfLAN, "ports.serf_lan", k.Ports.SerfLAN, -1)
	b.port(&c.Ports.SerfWAN, "ports.serf_wan", k.Ports.SerfWAN, -1)
	if c.Ports.HTTPS >= 0 {
		b.warn("ports.https: this version does not serve HTTPS, nothing listens there")
	}
	// Whoever reaches the server port can rewrite the catalog.
	switch a := c.BindAddr; {
	case a.IsUnspecified():
		b.problem("bind_addr", "%s would open the server port to every network; name a private address of this machine", a)
	case isPublic(a):
		b.problem("bind_addr", "%s is a public address and the server port has no protection yet; name a private one", a)
	}
	if a := c.AdvertiseAddr; a.IsUnspecified() || a.IsMulticast() {
		b.problem("advertise_addr", "%s is not an address that others can reach", a)
	}
}

func (b *builder) addr(to *netip.Addr, key string, from *string) {
	if from == nil || *from == "" {
		return
	}
	a, err := parseAddr(*from)
	if err != nil {
		b.problem(key, "%v", err)
		return
	}
	*to = a
}

// addrs reads a list of addresses separated by blanks.
func (b *builder) addrs(key, list string) []netip.Addr {
	var out []netip.Addr
	for _, text := range strings.Fields(list) {
		a, err := parseAddr(text)
		if err != nil {
			b.problem(key, "%v", err)
			continue
		}
		if slices.Contains(out, a) {
			b.problem(key, "%s is given twice", a)
			continue
		}
		out = append(out, a)
	}
	if len(strings.Fields(list)) == 0 {
		b.problem(key, "names no address; to switch a server off set its port to -1")
	}
	return out
}

// httpAddrs reads a list like addrs, which for HTTP may hold unix sockets too.
func (b *builder) httpAddrs(list string) []string {
	var sockets, rest []string
	for _, text := range strings.Fields(list) {
		path, unix := strings.CutPrefix(text, unixPrefix)
		switch {
		case unix && !strings.HasPrefix(path, "/"):
			b.problem("addresses.http", "%q is not unix:///path", text)
		case unix:
			sockets = append(sockets, text)
		default:
			rest = append(rest, text)
		}
	}
	if len(rest) == 0 && len(sockets) > 0 {
		return sockets
	}
	return append(texts(b.addrs("addresses.http", strings.Join(rest, " "))), sockets...)
}

func parseAddr(text string) (netip.Addr, error) {
	a, err := netip.ParseAddr(strings.Trim(text, "[]"))
	switch {
	case strings.Contains(text, "{{"):
		return a, fmt.Errorf("%q is a template, which this version does not support; give an IP address", text)
	case err != nil:
		return a, fmt.Errorf("%q is not an IP address", text)
	}
	return a.Unmap(), nil
}

func (b *builder) port(to *int, key string, from *int, least int) {
	if from == nil {
		return
	}
	*to = *from
	if *from < least || *from > 65535 {
		b.problem(key, "port %d is outside %d..65535", *from, least)
		*to = -1 // clashes with nothing
	}
}
