package dns

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"muster/catalog"
)

// Validate returns everything wrong with a configuration. Fields carry the names of the configuration keys.
func (c *Config) Validate() catalog.Problems {
	p := problems{}
	for i, a := range c.Addrs {
		if _, err := netip.ParseAddrPort(a); err != nil {
			p.add(fmt.Sprintf("addrs[%d]", i), "%q is not ip:port", a)
		}
	}
	before := len(p.list)
	c.validateZones(&p)
	if len(p.list) == before { // records are read within the zones
		_, records := c.statics(c.domains())
		p.list = append(p.list, records.list...)
	}
	c.validateTimes(&p)
	c.validateLists(&p)
	if c.ARecordLimit < 0 {
		p.add("a_record_limit", "%d is negative", c.ARecordLimit)
	}
	if c.UDPAnswerLimit < 0 {
		p.add("udp_answer_limit", "%d is negative", c.UDPAnswerLimit)
	}
	if c.PreferLocal && c.PreferLocalMin < 1 {
		p.add("dns_config.prefer_local_min", "%d is under the least, 1", c.PreferLocalMin)
	}
	if c.RecursorCache < 0 {
		p.add("dns_config.recursor_cache_bytes", "%d is negative", c.RecursorCache)
	}
	c.validateRates(&p)
	if c.RecursorStrategy != Sequential && c.RecursorStrategy != Random {
		p.add("recursor_strategy", "%q is neither sequential nor random", c.RecursorStrategy)
	}
	if c.QueryLog < 0 {
		p.add("dns_config.query_log", "%d is negative: 0 is off, 1 every query, N one in N", c.QueryLog)
	}
	c.Limits.validate(&p)
	return p.list
}

type problems struct{ list catalog.Problems }

func (p *problems) add(field, format string, args ...any) {
	p.list = append(p.list, catalog.Problem{Field: field, Message: fmt.Sprintf(format, args...)})
}

func (c *Config) validateZones(p *problems) {
	if err := catalog.ValidHostName(c.Domain); err != nil {
		p.add("domain", "%v", err)
	}
	if err := catalog.ValidServiceName(c.Datacenter); err != nil {
		p.add("datacenter", "%q is not a DNS label", c.Datacenter)
	}
	if c.AltDomain == "" {
		return
	}
	if err := catalog.ValidHostName(c.AltDomain); err != nil {
		p.add("alt_domain", "%v", err)
		return
	}
	domain, alt := originOf(c.Domain), originOf(c.AltDomain)
	if domain == alt {
		p.add("alt_domain", "%q is the domain itself", c.AltDomain)
		return
	}
	// A zone cut at a label of the other zone's grammar would hide the names below it.
	for _, z := range [][2]string{{alt, domain}, {domain, alt}} {
		rest, below := strings.CutSuffix(z[0], "."+z[1])
		last := rest[strings.LastIndexByte(rest, '.')+1:]
		if below && (last == catalog.Fold(c.Datacenter) || last == "dc" || last == "ns" || keywords[last] != 0) {
			p.add("alt_domain", "%q and domain %q: one would hide the names below %q in the other", c.AltDomain, c.Domain, last)
		}
	}
}

func (c *Config) validateTimes(p *problems) {
	for _, d := range []struct {
		field string
		value time.Duration
		ttl   bool
	}{
		{"dns_config.max_stale", c.MaxStale, false},
		{"dns_config.stale_after", c.StaleAfter, false},
		{"dns_config.node_ttl", c.NodeTTL, true},
		{"dns_config.min_service_ttl", c.MinServiceTTL, true},
		{"dns_config.max_service_ttl", c.MaxServiceTTL, true},
	} {
		if d.value < 0 {
			p.add(d.field, "%s is negative", d.value)
		}
		if d.ttl && d.value > maxTTL*time.Second {
			p.add(d.field, "%s is over what a TTL holds (RFC 2181 section 8)", d.value)
		}
	}
	if c.MinServiceTTL > c.MaxServiceTTL {
		p.add("dns_config.min_service_ttl", "%s is over max_service_ttl (%s)", c.MinServiceTTL, c.MaxServiceTTL)
	}
	for name, ttl := range c.ServiceTTL {
		if ttl < 0 || ttl > maxTTL*time.Second {
			p.add("dns_config.service_ttl."+name, "%s is not a TTL (RFC 2181 section 8)", ttl)
		}
		if i := strings.IndexByte(name, '*'); i >= 0 && i != len(name)-1 {
			p.add("dns_config.service_ttl."+name, "'*' stands at the end only")
		}
	}
	if c.SOA.MinTTL > maxTTL {
		p.add("dns_config.soa.min_ttl", "%d is over what a TTL holds (RFC 2181 section 8)", c.SOA.MinTTL)
	}
	if c.RecursorTimeout <= 0 {
		p.add("dns_config.recursor_timeout", "%s is not positive", c.RecursorTimeout)
	}
}

func (c *Config) validateLists(p *problems) {
	for i, r := range c.Recursors {
		if _, err := recursorAddr(r); err != nil {
			p.add(fmt.Sprintf("recursors[%d]", i), "%v", err)
		}
	}
	for _, l := range []struct {
		field string
		list  []netip.Prefix
	}{
		{"dns_config.reverse_networks", c.ReverseNetworks},
		{"dns_config.explain_networks", c.ExplainNetworks},
		{"dns_config.recursor_networks", c.RecursorNetworks},
		{"dns_config.rate_limit_exempt", c.RateLimitExempt},
	} {
		if slices.ContainsFunc(l.list, func(n netip.Prefix) bool { return !n.IsValid() }) {
			p.add(l.field, "holds something that is not a network")
		}
	}
	for i, n := range c.ReverseNetworks {
		if !n.IsValid() {
			continue
		}
		if step := bitsPerLabel(n.Addr()); n.Bits()%step != 0 {
			p.add(fmt.Sprintf("dns_config.reverse_networks[%d]", i), "%s does not end on a label: use a multiple of %d bits", n, step)
		}
	}
}

func (c *Config) validateRates(p *problems) {
	for _, n := range []struct {
		field string
		value int
	}{
		{"dns_config.rate_limit", c.RateLimit},
		{"dns_config.rate_limit_errors", c.RateLimitErrors},
		{"dns_config.rate_limit_slip", c.RateLimitSlip},
	} {
		if n.value < 0 || n.value > maxRate {
			p.add(n.field, "%d is not between 0 and %d", n.value, maxRate)
		}
	}
}

func (l *Limits) validate(p *problems) {
	for _, n := range []struct {
		field string
		value int64
	}{
		{"limits.in_flight", int64(l.InFlight)}, {"limits.forwards", int64(l.Forwards)},
		{"limits.conns", int64(l.Conns)}, {"limits.conns_per_host", int64(l.ConnsPerHost)},
		{"limits.pipeline", int64(l.Pipeline)}, {"limits.idle", int64(l.Idle)},
		{"limits.read", int64(l.Read)}, {"limits.write", int64(l.Write)},
	} {
		if n.value <= 0 {
			p.add(n.field, "%d is not positive", n.value)
		}
	}
	if l.Forwards >= l.InFlight {
		p.add("limits.forwards", "%d leaves nothing of in_flight (%d) for local answers", l.Forwards, l.InFlight)
	}
}

// recursorAddr reads "ip" or "ip:port"; the port defaults to 53.
func recursorAddr(s string) (netip.AddrPort, error) {
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return netip.AddrPortFrom(a, 53), nil
	}
	a, err := netip.ParseAddrPort(s)
	if err != nil || a.Port() == 0 {
		return netip.AddrPort{}, fmt.Errorf("%q is neither ip nor ip:port", s)
	}
	return a, nil
}

// pointsAt reports whether a listener's address is what a recursor address reaches: a loop.
func pointsAt(listener net.Addr, recursor netip.AddrPort) bool {
	l, err := netip.ParseAddrPort(listener.String())
	if err != nil || l.Port() != recursor.Port() {
		return false
	}
	return l.Addr().Unmap() == recursor.Addr().Unmap() || l.Addr().IsUnspecified() && recursor.Addr().IsLoopback()
}
