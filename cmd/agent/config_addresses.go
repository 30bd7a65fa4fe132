package agent

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"muster/dns"
)

// Addresses are where an agent listens and where others find it.
type Addresses struct {
	BindAddr      netip.Addr   // of the server port; never unspecified nor public
	AdvertiseAddr netip.Addr   // of the node as others see it, and of services that have none
	ClientAddrs   []netip.Addr // of DNS and HTTP

	HTTPAddrs []string     // IP addresses or "unix:///path"; empty: ClientAddrs
	DNSAddrs  []netip.Addr // empty: ClientAddrs
}

// Ports are the agent's ports: -1 is off, 0 any free one.
type Ports struct {
	DNS    int // UDP and TCP
	HTTP   int
	HTTPS  int // nothing listens on it in this version
	Server int // raft; never off
	// The ports of gossip. This version tells them to clients that ask and no more.
	SerfLAN, SerfWAN int
}

// HTTPListen returns the addresses of the HTTP API, "ip:port" or "unix:///path"; none when it is off.
func (c *Config) HTTPListen() []string {
	hosts := c.HTTPAddrs
	if len(hosts) == 0 {
		hosts = texts(c.ClientAddrs)
	}
	var out []string
	for _, host := range hosts {
		switch {
		case strings.HasPrefix(host, unixPrefix):
			out = append(out, host)
		case c.Ports.HTTP >= 0:
			out = append(out, net.JoinHostPort(host, strconv.Itoa(c.Ports.HTTP)))
		}
	}
	return out
}

// DNSListen returns the addresses of the DNS server, "ip:port"; none when it is off.
func (c *Config) DNSListen() []string {
	if c.Ports.DNS < 0 {
		return nil
	}
	addrs := c.DNSAddrs
	if len(addrs) == 0 {
		addrs = c.ClientAddrs
	}
	out := texts(addrs)
	for i, host := range out {
		out[i] = net.JoinHostPort(host, strconv.Itoa(c.Ports.DNS))
	}
	return out
}

// ServerListen returns the address of the server port, "ip:port".
func (c *Config) ServerListen() string {
	return net.JoinHostPort(c.BindAddr.String(), strconv.Itoa(c.Ports.Server))
}

// DNSConfig returns the complete settings of the DNS server.
func (c *Config) DNSConfig() dns.Config {
	d := c.DNS
	d.Addrs, d.Datacenter = c.DNSListen(), c.Datacenter
	return d
}

func texts(addrs []netip.Addr) []string {
	out := make([]string, len(addrs))
	for i, a := range addrs {
		out[i] = a.String()
	}
	return out
}

func loopbackOnly() []netip.Addr {
	return []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}
}

const unixPrefix = "unix://"

// carrierNAT (RFC 6598) is not routed publicly; overlay networks use it.
var carrierNAT = netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64}), 10)

// isPublic reports whether anybody on the internet may reach an address.
func isPublic(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsGlobalUnicast() && !a.IsPrivate() && !carrierNAT.Contains(a)
}

// privateAddrs returns the host's own private addresses, IPv4 ones unless there are none.
func privateAddrs(host []netip.Addr) []netip.Addr {
	var v4, v6 []netip.Addr
	for _, a := range host {
		switch a = a.Unmap(); {
		case !a.IsPrivate() && !carrierNAT.Contains(a):
		case a.Is4():
			v4 = append(v4, a)
		default:
			v6 = append(v6, a)
		}
	}
	if len(v4) > 0 {
		return slices.Compact(v4)
	}
	return slices.Compact(v6)
}

// hostAddrs returns the addresses of the host's network interfaces.
func hostAddrs() ([]netip.Addr, error) {
	nets, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	var out []netip.Addr
	for _, n := range nets {
		if p, err := netip.ParsePrefix(n.String()); err == nil {
			out = append(out, p.Addr())
		}
	}
	return out, nil
}
