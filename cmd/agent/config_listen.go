package agent

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

type addressKeys struct {
	BindAddr         *string `key:"bind_addr"`
	SerfLANAddr      *string `key:"serf_lan"`
	SerfWANAddr      *string `key:"serf_wan"`
	AdvertiseAddr    *string `key:"advertise_addr"`
	AdvertiseAddrWAN *string `key:"advertise_addr_wan"`
	ClientAddr       *string `key:"client_addr"` // separated by blanks, as the next three
	Addresses        struct {
		HTTP  *string `key:"http"`
		HTTPS *string `key:"https"`
		DNS   *string `key:"dns"`
	} `key:"addresses"`
	Ports struct {
		DNS     *int `key:"dns"`
		HTTP    *int `key:"http"`
		HTTPS   *int `key:"https"`
		Server  *int `key:"server"`
		SerfLAN *int `key:"serf_lan"`
		SerfWAN *int `key:"serf_wan"`
	} `key:"ports"`
}

func (b *builder) addresses(k *addressKeys) {
	c := &b.cfg
	b.addr(&c.BindAddr, "bind_addr", k.BindAddr)
	b.addr(&c.SerfLANAddr, "serf_lan", k.SerfLANAddr)
	b.addr(&c.SerfWANAddr, "serf_wan", k.SerfWANAddr)
	b.advertise(&c.AdvertiseAddr, "advertise_addr", k.AdvertiseAddr)
	b.advertise(&c.AdvertiseAddrWAN, "advertise_addr_wan", k.AdvertiseAddrWAN)
	b.addrs(&c.ClientAddrs, "client_addr", k.ClientAddr)
	b.addrs(&c.DNSAddrs, "addresses.dns", k.Addresses.DNS)
	b.addrs(&c.HTTPSAddrs, "addresses.https", k.Addresses.HTTPS)
	b.httpAddrs(&c.HTTPAddrs, "addresses.http", k.Addresses.HTTP)
	b.port(&c.Ports.DNS, "ports.dns", k.Ports.DNS, -1)
	b.port(&c.Ports.HTTP, "ports.http", k.Ports.HTTP, -1)
	b.port(&c.Ports.HTTPS, "ports.https", k.Ports.HTTPS, -1)
	b.port(&c.Ports.Server, "ports.server", k.Ports.Server, 0)
	b.port(&c.Ports.SerfLAN, "ports.serf_lan", k.Ports.SerfLAN, 0)
	b.port(&c.Ports.SerfWAN, "ports.serf_wan", k.Ports.SerfWAN, -1)
}

// addr reads the one address that a key names, itself or by a template.
func (b *builder) addr(to *netip.Addr, key string, from *string) {
	if from == nil || *from == "" {
		return
	}
	text, known := b.expand(key, *from)
	if !known {
		return
	}
	a, err := parseAddr(strings.TrimSpace(text))
	switch found := strings.Fields(text); {
	case text != *from && len(found) != 1:
		b.problem(key, "%q gives %d addresses, one is needed: %.200q", *from, len(found), text)
	case err != nil:
		b.problem(key, "%v", err)
	default:
		*to = a
	}
}

// advertise reads an address to tell others.
func (b *builder) advertise(to *netip.Addr, key string, from *string) {
	b.addr(to, key, from)
	if to.IsUnspecified() || to.IsMulticast() {
		b.problem(key, "%s is not an address that others can reach", *to)
	}
}

// addrs reads a list of addresses separated by blanks. Where the machine is not
// to be asked, the zero Addr stands for what templates give.
func (b *builder) addrs(to *[]netip.Addr, key string, from *string) {
	if from == nil {
		return
	}
	list, known := b.expand(key, *from)
	if !known {
		*to = []netip.Addr{{}}
		return
	}
	*to = b.parseAddrs(key, strings.Fields(list))
}

func (b *builder) parseAddrs(key string, list []string) []netip.Addr {
	var out []netip.Addr
	for _, text := range list {
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
	if len(list) == 0 {
		b.problem(key, "names no address; to switch a server off set its port to -1")
	}
	return out
}

// httpAddrs reads a list like addrs, which for HTTP may hold unix sockets too.
func (b *builder) httpAddrs(to *[]string, key string, from *string) {
	if from == nil {
		return
	}
	list, known := b.expand(key, *from)
	if !known {
		*to = texts([]netip.Addr{{}})
		return
	}
	var sockets, rest []string
	for _, text := range strings.Fields(list) {
		path, unix := strings.CutPrefix(text, unixPrefix)
		switch {
		case unix && !strings.HasPrefix(path, "/"):
			b.problem(key, "%q is not unix:///path", text)
		case unix:
			sockets = append(sockets, text)
		default:
			rest = append(rest, text)
		}
	}
	if len(rest) > 0 || len(sockets) == 0 {
		*to = texts(b.parseAddrs(key, rest))
	}
	*to = append(*to, sockets...)
}

func parseAddr(text string) (netip.Addr, error) {
	a, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
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
