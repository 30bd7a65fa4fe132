package agent

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"muster/dns"
)

// Addresses are where an agent listens and where others find it.
type Addresses struct {
	BindAddr         netip.Addr   // of the server port, and of gossip unless the next two are set
	SerfLANAddr      netip.Addr   // of gossip; the zero Addr: BindAddr
	SerfWANAddr      netip.Addr   // of gossip between datacenters; the zero Addr: BindAddr
	AdvertiseAddr    netip.Addr   // of the node as others see it, and of services that have none
	AdvertiseAddrWAN netip.Addr   // of this server as other datacenters see it
	ClientAddrs      []netip.Addr // of DNS, HTTP and HTTPS

	HTTPAddrs  []string     // IP addresses or "unix:///path"; empty: ClientAddrs
	HTTPSAddrs []netip.Addr // empty: ClientAddrs
	DNSAddrs   []netip.Addr // empty: ClientAddrs
}

// Ports are the agent's ports: -1 is off, 0 any free one.
type Ports struct {
	DNS     int // UDP and TCP
	HTTP    int
	HTTPS   int
	Server  int // raft and rpc, of servers; never off
	SerfLAN int // gossip, UDP and TCP; never off
	SerfWAN int // gossip between datacenters, UDP and TCP, of servers
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
	return c.clientListen(c.DNSAddrs, c.Ports.DNS)
}

// HTTPSListen returns the addresses of the HTTP API over TLS, "ip:port"; none when it is off.
func (c *Config) HTTPSListen() []string {
	return c.clientListen(c.HTTPSAddrs, c.Ports.HTTPS)
}

// clientListen joins a port with the addresses that belong to it, or else those for clients.
func (c *Config) clientListen(addrs []netip.Addr, port int) []string {
	if port < 0 {
		return nil
	}
	if len(addrs) == 0 {
		addrs = c.ClientAddrs
	}
	out := texts(addrs)
	for i, host := range out {
		out[i] = net.JoinHostPort(host, strconv.Itoa(port))
	}
	return out
}

// ServerListen returns the address of the server port, "ip:port".
func (c *Config) ServerListen() string {
	return net.JoinHostPort(c.BindAddr.String(), strconv.Itoa(c.Ports.Server))
}

// SerfLANListen returns the address of gossip; its port is 0 for any free one.
func (c *Config) SerfLANListen() netip.AddrPort {
	return netip.AddrPortFrom(cmp.Or(c.SerfLANAddr, c.BindAddr), uint16(c.Ports.SerfLAN))
}

// SerfWANListen returns the address of gossip between datacenters; on is false
// when this agent takes no part in that: it is off, or this is no server.
func (c *Config) SerfWANListen() (at netip.AddrPort, on bool) {
	if !c.Server || c.Ports.SerfWAN < 0 {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(cmp.Or(c.SerfWANAddr, c.BindAddr), uint16(c.Ports.SerfWAN)), true
}

// DNSConfig returns the complete settings of the DNS server.
func (c *Config) DNSConfig() dns.Config {
	d := c.DNS
	d.Addrs, d.Datacenter, d.Node, d.Locality = c.DNSListen(), c.Datacenter, c.NodeName, c.Locality
	return d
}

func texts[T fmt.Stringer](items []T) []string {
	out := make([]string, len(items))
	for i, item := range items {
		out[i] = item.String()
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
