package dns_test

import (
	"fmt"
	"testing"

	"go.uber.org/goleak"

	"muster/catalog"
	"muster/dns"
	"muster/metrics"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fixed is a source whose view never changes.
type fixed dns.View

func (f fixed) View() dns.View { return dns.View(f) }

func current(s *catalog.State) fixed { return fixed{Snapshot: s.Snapshot(), Ready: true} }

func deps() dns.Deps { return dns.Deps{Metrics: metrics.New(metrics.Build{}).DNS} }

// handler answers from a catalog text with the default configuration, as changed.
func handler(t testing.TB, src dns.Source, change func(*dns.Config)) *dns.Handler {
	t.Helper()
	cfg := dns.DefaultConfig()
	if change != nil {
		change(&cfg)
	}
	h, err := dns.NewHandler(cfg, src, deps())
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// soa is the zone text of a SOA record with the default times, at the state's index.
func soa(origin, domain string, s *catalog.State) string {
	return fmt.Sprintf("%s SOA ns.%s hostmaster.%s %d 3600 600 86400 0", origin, domain, domain, s.Applied())
}

// world is what most tables ask about.
const world = `
node srv1 10.0.0.1
service srv1 consul port=8300
check srv1 serfHealth passing

node n1 10.0.0.11 lan_ipv6=2001:db8::11 meta.rack=r1 meta.rfc1035-note=free_text meta.a=b
node n2 10.0.0.12
node Big.Node.Example 10.0.0.13
node sick 10.0.0.14
check sick serfHealth critical
node tired 10.0.0.15
check tired load warning
node host-node outside.example.com

service n1 web id=web-1 addr=10.1.0.1 port=80 tags=blue,v1.green weights=10/2
service n2 web id=web-2 addr=10.1.0.2 port=80 tags=red weights=5/3 status=warning
service n2 web id=web-3 addr=10.1.0.3 port=80 tags=blue status=critical
service n1 Upper id=u1 port=9000
service n2 six addr=2001:db8::6 port=66
service n2 dual addr=10.2.0.1 lan_ipv4=10.2.0.9 lan_ipv6=2001:db8:2::1 port=1
service sick gone addr=10.3.0.1 port=1
service n1 down id=down-1 addr=10.3.0.2 status=critical tags=t
service n2 down id=down-2 addr=10.3.0.3 status=critical
service n2 down id=down-3 addr=10.3.0.4 status=maintenance
service tired slow addr=10.4.0.1 port=4 weights=9/2
service n1 alias addr=web.service.consul port=7
service n1 far addr=www.example.com port=8
service n1 loop-a addr=loop-b.service.consul
service n1 loop-b addr=loop-a.service.consul
service n1 self addr=self.service.consul port=3
service n1 mixed id=m1 addr=www.example.com
service n2 mixed id=m2 addr=10.5.0.1
service n1 mixed6 id=m3 addr=www.example.com
service n2 mixed6 id=m4 addr=2001:db8::55
service n1 heavy id=h1 addr=10.5.1.1 weights=5/1
service n2 heavy id=h2 addr=10.5.1.1 weights=0/0
service n2 heavy id=h3 addr=10.5.1.2 weights=0/0
service n1 deadend addr=nothing.service.consul port=5
service n1 node addr=10.6.0.1
service n1 same id=s1 addr=10.7.0.1 port=1
service n2 same id=s2 addr=10.7.0.1 port=2
service n2 same id=s3 addr=10.7.0.1 port=2
service n1 txt id=t1 addr=10.8.0.1 meta.version=1 meta.secret=x
service n2 txt id=t2 addr=10.8.0.2 meta.version=1 meta.public-a=y
service n1 _under addr=10.9.0.1
`
