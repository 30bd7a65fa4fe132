package dns_test

import (
	"fmt"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"muster/dns"
	"muster/dns/dnstest"
)

const ranked = `
node n1 10.0.0.1
node n2 10.0.0.2
service n1 db id=a addr=10.1.0.1 port=1 priority=0 weights=1/1
service n1 db id=b addr=10.1.0.2 port=1 priority=0 weights=3/1
service n1 db id=c addr=10.1.0.3 port=1
service n2 db id=d addr=10.1.0.4 port=1 priority=20 weights=6/1
service n2 db id=e addr=10.1.0.5 port=1 priority=20 weights=3/1
service n2 db id=f addr=10.1.0.6 port=1 priority=20 weights=1/1
service n1 same id=s1 addr=10.2.0.1 port=1 priority=5 weights=9/9
service n2 same id=s2 addr=10.2.0.1 port=1 priority=2 weights=4/4
service n1 short id=t1 addr=10.3.0.1 ttl=30s
service n1 short id=t2 addr=10.3.0.2 ttl=20s status=warning
service n1 short id=t3 addr=10.3.0.3 ttl=1s status=critical
service n1 partly id=p1 addr=10.3.1.1 ttl=40s
service n1 partly id=p2 addr=10.3.1.2
service n1 long addr=10.3.2.1 ttl=24h
service n1 none addr=10.3.3.1 ttl=0s
service n1 once addr=10.3.4.1 ttl=50s
service n1 other addr=10.3.4.1 ttl=10s
service n1 host addr=www.example.com ttl=45s
`

func TestPriorities(t *testing.T) {
	state := dnstest.Catalog(t, ranked)
	srv := func(n int) string {
		records := []string{"0 1 1 0a010001", "0 3 1 0a010002", "1 1 1 0a010003", "20 6 1 0a010004", "20 3 1 0a010005", "20 1 1 0a010006"}
		text := ""
		for _, r := range records[:n] {
			text += "db.service.consul. SRV " + r + ".addr.dc1.consul.\n"
		}
		return text
	}
	glue := func(n int) string {
		text := ""
		for i := range n {
			text += fmt.Sprintf("0a01000%d.addr.dc1.consul. A 10.1.0.%d\n", i+1, i+1)
		}
		return text
	}
	dnstest.Run(t, handler(t, current(state), nil), []dnstest.Case{
		{Ask: "db.service.consul. SRV", EDNS: "1232", Answer: srv(6), Extra: glue(6)},
		{Name: "one endpoint has the better share", Ask: "same.service.consul. SRV", Answer: "same.service.consul. SRV 2 4 1 0a020001.addr.dc1.consul.",
			Extra: "0a020001.addr.dc1.consul. A 10.2.0.1"},
	})
	limited := handler(t, current(state), func(c *dns.Config) { c.UDPAnswerLimit = 3 })
	for range 20 { // whatever is drawn, the lower priorities are in
		dnstest.Run(t, limited, []dnstest.Case{
			{Ask: "db.service.consul. SRV", Answer: srv(3), Extra: glue(3)},
			{Ask: "db.service.consul. A", Answer: `db.service.consul. A 10.1.0.1
				db.service.consul. A 10.1.0.2
				db.service.consul. A 10.1.0.3`},
		})
	}
}

// TestTruncationKeepsTheLowestPriorities: what does not fit is left out from the end.
func TestTruncationKeepsTheLowestPriorities(t *testing.T) {
	text := "node n 10.0.0.1\n"
	for i := range 60 {
		text += fmt.Sprintf("service n s id=%d addr=10.1.0.%d port=1 priority=%d\n", i, i+1, i%3)
	}
	h := handler(t, current(dnstest.Catalog(t, text)), nil)
	reply, _ := dnstest.Ask(t, h, dnstest.Case{Ask: "s.service.consul. SRV", EDNS: "1232"})
	last := uint16(0)
	for _, rr := range reply.Answer {
		p := rr.(*mdns.SRV).Priority
		if p < last {
			t.Fatalf("priority %d after %d", p, last)
		}
		last = p
	}
	if !reply.Truncated || len(reply.Answer) < 20 || last > 1 {
		t.Errorf("%d answers up to priority %d, TC %t", len(reply.Answer), last, reply.Truncated)
	}
}

func TestTTLsAskedFor(t *testing.T) {
	state := dnstest.Catalog(t, ranked)
	h := handler(t, current(state), func(c *dns.Config) {
		c.ServiceTTL = map[string]time.Duration{"*": 35 * time.Second}
		c.MinServiceTTL, c.MaxServiceTTL = 15*time.Second, 10*time.Minute
		c.NodeTTL = time.Minute
	})
	dnstest.Run(t, h, []dnstest.Case{
		{Name: "the least of the healthy ones", Ask: "short.service.consul. A", Answer: `short.service.consul. 20 A 10.3.0.1
			short.service.consul. 20 A 10.3.0.2`},
		{Name: "one that asks for nothing has what is configured", Ask: "partly.service.consul. A", Answer: `partly.service.consul. 35 A 10.3.1.1
			partly.service.consul. 35 A 10.3.1.2`},
		{Name: "not over the most", Ask: "long.service.consul. A", Answer: "long.service.consul. 600 A 10.3.2.1"},
		{Name: "not under the least", Ask: "none.service.consul. A", Answer: "none.service.consul. 15 A 10.3.3.1"},
		{Name: "over what is configured", Ask: "once.service.consul. A", Answer: "once.service.consul. 50 A 10.3.4.1"},
		{Name: "glue", Ask: "once.service.consul. SRV", Answer: "once.service.consul. 50 SRV 1 1 0 0a030401.addr.dc1.consul.",
			Extra: "0a030401.addr.dc1.consul. 50 A 10.3.4.1"},
		{Name: "alias", Ask: "host.service.consul. A", Answer: "host.service.consul. 45 CNAME www.example.com."},
		{Name: "one set has one TTL", Ask: "1.4.3.10.in-addr.arpa. PTR", Answer: `1.4.3.10.in-addr.arpa. 15 PTR once.service.dc1.consul.
			1.4.3.10.in-addr.arpa. 15 PTR other.service.dc1.consul.`},
		{Ask: "_once._tcp.consul. PTR", Answer: `_once._tcp.consul. 50 PTR once\.n1._once._tcp.consul.`,
			Extra: `once\.n1._once._tcp.consul. 50 SRV 1 1 0 0a030401.addr.dc1.consul.
				once\.n1._once._tcp.consul. 50 TXT ""
				0a030401.addr.dc1.consul. 50 A 10.3.4.1`},
	})
	dnstest.Run(t, handler(t, current(state), nil), []dnstest.Case{
		{Name: "by default up to an hour", Ask: "long.service.consul. A", Answer: "long.service.consul. 3600 A 10.3.2.1"},
		{Ask: "none.service.consul. A", Answer: "none.service.consul. A 10.3.3.1"},
	})
}
