package agent

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// endpoint is a port of ours with the addresses it is opened on.
type endpoint struct {
	key   string
	port  int
	addrs []netip.Addr // the zero Addr: not known yet, so any
}

// portClashes finds two of our servers on one port of one address. UDP and TCP count as one: DNS has both.
func (b *builder) portClashes() {
	c := &b.cfg
	var httpAddrs []netip.Addr
	for _, text := range c.HTTPAddrs {
		if a, err := netip.ParseAddr(text); err == nil {
			httpAddrs = append(httpAddrs, a)
		}
	}
	if len(c.HTTPAddrs) == 0 {
		httpAddrs = c.ClientAddrs
	}
	dnsAddrs := c.DNSAddrs
	if len(dnsAddrs) == 0 {
		dnsAddrs = c.ClientAddrs
	}
	all := []endpoint{
		{"ports.server", c.Ports.Server, []netip.Addr{c.BindAddr}},
		{"ports.dns", c.Ports.DNS, dnsAddrs},
		{"ports.http", c.Ports.HTTP, httpAddrs},
	}
	for i, x := range all {
		for _, y := range all[i+1:] {
			if x.port > 0 && x.port == y.port && x.overlaps(y) {
				b.problem(y.key, "port %d is also %s", y.port, x.key)
			}
		}
	}
}

func (e endpoint) overlaps(o endpoint) bool {
	for _, x := range e.addrs {
		for _, y := range o.addrs {
			if x == y || !x.IsValid() || !y.IsValid() || x.IsUnspecified() || y.IsUnspecified() {
				return true
			}
		}
	}
	return false
}

// exposure warns of what strangers could reach. HTTP and DNS ask nobody who they are.
func (b *builder) exposure() {
	for _, s := range []struct {
		what   string
		listen []string
	}{{"HTTP", b.cfg.HTTPListen()}, {"DNS", b.cfg.DNSListen()}} {
		for _, text := range s.listen {
			ap, err := netip.ParseAddrPort(text)
			if err != nil || ap.Addr().IsLoopback() {
				continue
			}
			if a := ap.Addr(); a.IsUnspecified() || isPublic(a) {
				b.warn(fmt.Sprintf("%s listens on %s: everyone who can reach this machine may use it", s.what, text))
			}
			if s.what == "HTTP" && b.cfg.EnableScriptChecks {
				b.warn(fmt.Sprintf("enable_script_checks: everyone who can reach HTTP on %s can run programs on this machine; enable_local_script_checks allows config files alone", text))
			}
		}
	}
}

// hostAddrs settles the addresses that nobody named, from those of the host.
func (b *builder) hostAddrs(find func() ([]netip.Addr, error)) {
	c := &b.cfg
	named := b.merged.BindAddr != nil && *b.merged.BindAddr != "" || b.broken("bind_addr")
	if !c.BindAddr.IsValid() && !named { // a named one that is not valid has been told of
		host, err := find()
		if err != nil {
			b.problem("bind_addr", "is missing and the host's addresses cannot be found: %v", err)
			return
		}
		switch private := privateAddrs(host); {
		case slices.Contains(private, c.AdvertiseAddr):
			c.BindAddr = c.AdvertiseAddr
		case len(private) > 1:
			b.problem("bind_addr", "is missing and the host has several private addresses, say which (-bind): %s", strings.Join(texts(private), ", "))
		case len(private) == 1:
			c.BindAddr = private[0]
		default:
			c.BindAddr = loopbackOnly()[0]
			b.warn("the host has no private address: the server port and this node's own address are " + c.BindAddr.String() + " (bind_addr, advertise_addr)")
		}
	}
	if !c.AdvertiseAddr.IsValid() {
		c.AdvertiseAddr = c.BindAddr
	}
}
