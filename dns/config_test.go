package dns_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"muster/catalog"
	"muster/dns"
)

func TestValidate(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*dns.Config)
		fields string // of the problems, joined by blanks
	}{
		"default":          {func(*dns.Config) {}, ""},
		"zero":             {func(c *dns.Config) { *c = dns.Config{Limits: c.Limits} }, "domain datacenter dns_config.recursor_timeout recursor_strategy"},
		"addresses":        {func(c *dns.Config) { c.Addrs = []string{"127.0.0.1:0", "localhost:53"} }, "addrs[1]"},
		"domain":           {func(c *dns.Config) { c.Domain = "a..b" }, "domain"},
		"alt is domain":    {func(c *dns.Config) { c.AltDomain = "CONSUL." }, "alt_domain"},
		"alt below":        {func(c *dns.Config) { c.AltDomain = "x.consul" }, ""},
		"alt hides":        {func(c *dns.Config) { c.AltDomain = "a.service.consul" }, "alt_domain"},
		"alt hides dc":     {func(c *dns.Config) { c.AltDomain = "dc1.consul" }, "alt_domain"},
		"domain hides":     {func(c *dns.Config) { c.Domain, c.AltDomain = "node.corp", "corp" }, "alt_domain"},
		"negative":         {func(c *dns.Config) { c.ARecordLimit, c.UDPAnswerLimit, c.NodeTTL = -1, -1, -1 }, "dns_config.node_ttl a_record_limit udp_answer_limit"},
		"ttl too long":     {func(c *dns.Config) { c.NodeTTL = 70 * 365 * 24 * time.Hour }, "dns_config.node_ttl"},
		"least over most":  {func(c *dns.Config) { c.MinServiceTTL = 2 * time.Hour }, "dns_config.min_service_ttl"},
		"bounds":           {func(c *dns.Config) { c.MinServiceTTL, c.MaxServiceTTL = -1, 70*365*24*time.Hour }, "dns_config.min_service_ttl dns_config.max_service_ttl"},
		"record":           {func(c *dns.Config) { c.Records = []string{"www A 192.0.2.1", "www A x"} }, "dns_records[1]"},
		"star inside":      {func(c *dns.Config) { c.ServiceTTL = map[string]time.Duration{"a*b": 1} }, "dns_config.service_ttl.a*b"},
		"soa":              {func(c *dns.Config) { c.SOA.MinTTL = 1 << 31 }, "dns_config.soa.min_ttl"},
		"recursors":        {func(c *dns.Config) { c.Recursors = []string{"1.1.1.1", "[::1]:53", "::1", "resolver", "1.1.1.1:0"} }, "recursors[3] recursors[4]"},
		"recursor cache":   {func(c *dns.Config) { c.RecursorCache = -1 }, "dns_config.recursor_cache_bytes"},
		"networks":         {func(c *dns.Config) { c.RecursorNetworks = []netip.Prefix{{}} }, "dns_config.recursor_networks"},
		"reverse networks": {func(c *dns.Config) { c.ReverseNetworks = prefixes("10.0.0.0/9", "2001:db8::/36", "2001:db8::/33") }, "dns_config.reverse_networks[0] dns_config.reverse_networks[2]"},
		"rates": {func(c *dns.Config) {
			c.RateLimit, c.RateLimitErrors, c.RateLimitSlip, c.RateLimitExempt = -1, 1<<30, -1, []netip.Prefix{{}}
		},
			"dns_config.rate_limit_exempt dns_config.rate_limit dns_config.rate_limit_errors dns_config.rate_limit_slip"},
		"limits": {func(c *dns.Config) { c.Limits.Idle, c.Limits.Forwards = 0, c.Limits.InFlight }, "limits.idle limits.forwards"},
	} {
		cfg := dns.DefaultConfig()
		c.change(&cfg)
		var fields []string
		for _, p := range cfg.Validate() {
			fields = append(fields, p.Field)
		}
		if got := strings.Join(fields, " "); got != c.fields {
			t.Errorf("%s: problems with %q, want %q", name, got, c.fields)
		}
		if _, err := dns.NewResolver(cfg); (err == nil) != (c.fields == "") || err != nil && catalog.CodeOf(err) != catalog.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func prefixes(texts ...string) []netip.Prefix {
	var out []netip.Prefix
	for t := range slices.Values(texts) {
		out = append(out, netip.MustParsePrefix(t))
	}
	return out
}
