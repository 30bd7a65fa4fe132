package dns_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"muster/dns"
	"muster/dns/dnstest"
)

// TestExplainZone: what explanations say of names that Consul's zone lacks. Of each
// instance considered its id and verdict are compared.
func TestExplainZone(t *testing.T) {
	view := dns.View(current(dnstest.Catalog(t, `
		node n1 10.0.0.1
		service n1 web id=a addr=10.1.0.1 port=1 alpn=h2 priority=2 ttl=9s tags=x,y
		service n1 web id=b addr=10.1.0.2 port=2 alpn=h2 priority=7 tags=x
		service n1 web id=c addr=10.1.0.3 port=3 tags=y,x
		service n1 web id=d addr=10.1.0.4 port=4 alpn=h2 status=critical
		service n1 wish id=w addr=10.1.0.5 ttl=9s`)))
	r := resolver(t, func(c *dns.Config) {
		c.UDPAnswerLimit = 1
		c.Records = []string{"www 60 A 192.0.2.1", "to CNAME web.service"}
	})
	const none, critical, chance, tag = "has no records of this type", "critical", "left out by a limit, by chance and weight", "does not carry the tag"
	for _, c := range []struct {
		ask, read, ttl string
		considered     []string
	}{
		{"web.service.consul. HTTPS", `service "web"`, "0 no key of dns_config.service_ttl matches",
			[]string{"a in the answer", "b " + chance, "c " + none, "d " + critical}},
		{"_web._tcp.consul. PTR", `service "web"`, "0 no key of dns_config.service_ttl matches",
			[]string{"a in the answer", "b in the answer", "c in the answer", "d " + critical}},
		{"wish.service.consul. A", `service "wish"`, "9 dns.ttl of w on n1, within dns_config.min_service_ttl and max_service_ttl", []string{"w in the answer"}},
		{`a\.n1._web._tcp.consul. SRV`, `instance of service "web"`, "9 dns.ttl of a on n1, within dns_config.min_service_ttl and max_service_ttl", []string{"a in the answer"}},
		{"y.x.web.service.consul. SRV", `service "web" with tag "y.x"`, "0 no key of dns_config.service_ttl matches",
			[]string{"a " + chance, "b " + tag, "c in the answer", "d " + tag}},
		{"www.consul. A", "static record", "60 dns_records", nil},
		{"to.consul. CNAME", "static record", "0 dns_records", nil},
		{"b._dns-sd._udp.consul. PTR", "browsing", "0 dns_config.node_ttl", nil},
	} {
		e := r.Explain(question(t, c.ask), view, rand.New(rand.NewPCG(1, 1)))
		s := e.Steps[0]
		var considered []string
		for _, i := range s.Considered {
			considered = append(considered, i.Instance.ID+" "+i.Verdict.String())
		}
		var ttls []string
		for _, ttl := range s.TTLs {
			ttls = append(ttls, fmt.Sprint(ttl.Seconds, " ", ttl.From))
		}
		if got := strings.Join(ttls, ", "); s.Reading.String() != c.read || got != c.ttl {
			t.Errorf("%s: read as %s with TTL %s", c.ask, s.Reading, got)
		}
		if !slices.Equal(considered, c.considered) {
			t.Errorf("%s: considered\n%s", c.ask, strings.Join(considered, "\n"))
		}
	}
}
