package agent

import (
	"fmt"
	"net/netip"
	"strings"
)

// endpoint is a port of ours with the addresses it is opened on.
type endpoint struct {
	key   string
	port  int
	addrs []netip.Addr // the zero Addr: not known yet, so any
}

// portClashes finds two of our servers on one port of one address. UDP and TCP
// count as one: DNS and gossip have both.
func (b *builder) portClashes() {
	c := &b.cfg
	var httpAddrs []netip.Addr
	for _, text := range c.HTTPAddrs {
		if !strings.HasPrefix(text, unixPrefix) {
			a, _ := netip.ParseAddr(text) // what is not known yet is the zero Addr
			httpAddrs = append(httpAddrs, a)
		}
	}
	if len(c.HTTPAddrs) == 0 {
		httpAddrs = c.ClientAddrs
	}
	orClient := func(addrs []netip.Addr) []netip.Addr {
		if len(addrs) == 0 {
			return c.ClientAddrs
		}
		return addrs
	}
	all := []endpoint{
		{"ports.serf_lan", c.Ports.SerfLAN, []netip.Addr{c.SerfLANListen().Addr()}},
		{"ports.dns", c.Ports.DNS, orClient(c.DNSAddrs)},
		{"ports.http", c.Ports.HTTP, httpAddrs},
		{"ports.https", c.Ports.HTTPS, orClient(c.HTTPSAddrs)},
	}
	if c.Server { // clients listen on neither
		all = append([]endpoint{{"ports.server", c.Ports.Server, []netip.Addr{c.BindAddr}}}, all...)
		if at, on := c.SerfWANListen(); on {
			all = append(all, endpoint{"ports.serf_wan", c.Ports.SerfWAN, []netip.Addr{at.Addr()}})
		}
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

// openHTTPS returns the addresses of HTTPS where it lets in those without a certificate.
func openHTTPS(c *Config) []string {
	if c.TLS.HTTPS.VerifyIncoming {
		return nil
	}
	return c.HTTPSListen()
}

// exposure warns of what strangers could reach. HTTP and DNS ask nobody who they are.
func (b *builder) exposure() {
	for _, s := range []struct {
		what   string
		listen []string
	}{{"HTTP", b.cfg.HTTPListen()}, {"HTTPS", openHTTPS(&b.cfg)}, {"DNS", b.cfg.DNSListen()}} {
		for _, text := range s.listen {
			ap, err := netip.ParseAddrPort(text)
			if err != nil || ap.Addr().IsLoopback() {
				continue
			}
			if a := ap.Addr(); a.IsUnspecified() || isPublic(a) {
				b.warn(fmt.Sprintf("%s listens on %s: everyone who can reach this machine may use it", s.what, text))
			}
			if s.what != "DNS" && b.cfg.EnableScriptChecks {
				b.warn(fmt.Sprintf("enable_script_checks: everyone who can reach %s on %s can run programs on this machine; enable_local_script_checks allows config files alone", s.what, text))
			}
		}
	}
}
