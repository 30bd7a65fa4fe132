package dns_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"muster/dns"
	"muster/dns/dnstest"
)

// told is an explanation in the notation of the tables below: rcode and reason,
// then for each name how it was read, its TTLs, the cut, and each that was
// considered with its verdict, its weight and the checks against it.
func told(e dns.Explanation) string {
	out := []string{strings.TrimSpace(e.Answer.RcodeName() + " " + e.Answer.Reason.String())}
	for _, s := range e.Steps {
		out = append(out, fmt.Sprintf("%s %s: %s", s.Name, s.Zone, s.Reading))
		for _, ttl := range s.TTLs {
			out = append(out, fmt.Sprintf("ttl %d %s", ttl.Seconds, ttl.From))
		}
		if s.Cut.Of > 0 {
			out = append(out, fmt.Sprintf("cut %d of %d", s.Cut.Kept, s.Cut.Of))
		}
		for _, c := range s.Considered {
			out = append(out, consideredLine(c))
		}
	}
	return strings.Join(out, "\n")
}

func consideredLine(c *dns.Considered) string {
	words := []string{"out", c.Node.Name, c.Verdict.Code()}
	if c.Verdict.In() {
		words[0] = "in"
	}
	if c.Instance != nil {
		words[1] += "/" + c.Instance.ID
	}
	words = append(words, c.Addresses...)
	if c.Weighed {
		words = append(words, fmt.Sprintf("weight=%d", c.Weight))
	}
	for _, check := range c.Checks {
		if c.Against(check) {
			words = append(words, "!"+check.ID)
		}
	}
	return strings.Join(words, " ")
}

const (
	noTTL  = "ttl 0 no key of dns_config.service_ttl matches\n"
	soaTTL = "ttl 0 dns_config.soa.min_ttl\n"
)

func TestExplain(t *testing.T) {
	for _, c := range []struct {
		ask    string
		change func(*dns.Config)
		want   string
	}{
		{ask: "web.service.consul. A", want: `NOERROR
			web.service.consul. consul.: service "web"
			` + noTTL + `
			in n1/web-1 answered 10.1.0.1 weight=10
			in n2/web-2 answered 10.1.0.2 weight=3 !service:web-2
			out n2/web-3 critical 10.1.0.3 !service:web-3`},
		{ask: "web.service.consul. SRV", change: func(c *dns.Config) {
			c.OnlyPassing = true
			c.ServiceTTL = map[string]time.Duration{"w*": 5 * time.Second}
		}, want: `NOERROR
			web.service.consul. consul.: service "web"
			ttl 5 dns_config.service_ttl.w*
			in n1/web-1 answered 10.1.0.1 weight=10
			out n2/web-2 not-passing 10.1.0.2 !service:web-2
			out n2/web-3 critical 10.1.0.3 !service:web-3`},
		{ask: "red.web.service.dc1.consul. A", want: `NOERROR
			red.web.service.dc1.consul. consul.: service "web" with tag "red" in datacenter "dc1"
			` + noTTL + `
			out n1/web-1 lacks-tag 10.1.0.1
			in n2/web-2 answered 10.1.0.2 weight=3 !service:web-2
			out n2/web-3 lacks-tag 10.1.0.3 !service:web-3`},
		{ask: "nope.web.service.consul. A", want: `NXDOMAIN no instance has the tag "nope"
			nope.web.service.consul. consul.: service "web" with tag "nope"
			` + soaTTL + `
			out n1/web-1 lacks-tag 10.1.0.1
			out n2/web-2 lacks-tag 10.1.0.2 !service:web-2
			out n2/web-3 lacks-tag 10.1.0.3 !service:web-3`},
		{ask: "web.service.consul. AAAA", want: `NOERROR the name has addresses of the other family only
			web.service.consul. consul.: service "web"
			` + soaTTL + `
			out n1/web-1 other-family 10.1.0.1 weight=10
			out n2/web-2 other-family 10.1.0.2 weight=3 !service:web-2
			out n2/web-3 critical 10.1.0.3 !service:web-3`},
		{ask: "dual.service.consul. MX", want: `NOERROR the name has no records of this type
			dual.service.consul. consul.: service "dual"
			` + soaTTL + `
			out n2/dual no-such-type 10.2.0.9 2001:db8:2::1 weight=1`},
		{ask: "down.service.consul. A", want: `NXDOMAIN 3 instances: 2 critical, 1 in maintenance
			down.service.consul. consul.: service "down"
			` + soaTTL + `
			out n1/down-1 critical 10.3.0.2 !service:down-1
			out n2/down-2 critical 10.3.0.3 !service:down-2
			out n2/down-3 maintenance 10.3.0.4 !_service_maintenance:down-3`},
		{ask: "gone.service.consul. A", want: `NXDOMAIN 1 instance: 1 critical
			gone.service.consul. consul.: service "gone"
			` + soaTTL + `
			out sick/gone critical 10.3.0.1 !serfHealth`},
		{ask: "mixed.service.consul. A", want: `NOERROR
			mixed.service.consul. consul.: service "mixed"
			` + noTTL + `
			out n1/m1 superseded www.example.com. weight=1
			in n2/m2 answered 10.5.0.1 weight=1`},
		{ask: "alias.service.consul. A", want: `NOERROR
			alias.service.consul. consul.: service "alias"
			` + noTTL + `
			in n1/alias answered web.service.consul. weight=1
			web.service.consul. consul.: service "web"
			` + noTTL + `
			in n1/web-1 answered 10.1.0.1 weight=10
			in n2/web-2 answered 10.1.0.2 weight=3 !service:web-2
			out n2/web-3 critical 10.1.0.3 !service:web-3`},
		{ask: "alias.service.consul. SRV", want: `NOERROR
			alias.service.consul. consul.: service "alias"
			` + noTTL + `
			in n1/alias answered web.service.consul. weight=1`},
		{ask: "loop-a.service.consul. A", want: `NOERROR aliases loop at "loop-a.service.consul."
			loop-a.service.consul. consul.: service "loop-a"
			` + noTTL + `
			in n1/loop-a answered loop-b.service.consul. weight=1
			loop-b.service.consul. consul.: service "loop-b"
			` + noTTL + `
			in n1/loop-b answered loop-a.service.consul. weight=1`},
		{ask: "same.service.consul. SRV", want: `NOERROR
			same.service.consul. consul.: service "same"
			` + noTTL + `
			in n1/s1 answered 10.7.0.1 weight=1
			in n2/s2 answered 10.7.0.1 weight=1
			in n2/s3 answered 10.7.0.1 weight=1`},
		{ask: "txt.service.consul. TXT", change: func(c *dns.Config) { c.ServiceMetaTXT = []string{"public-*"} }, want: `NOERROR
			txt.service.consul. consul.: service "txt"
			` + noTTL + `
			out n1/t1 no-such-type 10.8.0.1 weight=1
			in n2/t2 answered 10.8.0.2 weight=1`},
		{ask: "heavy.service.consul. A", change: func(c *dns.Config) { c.ARecordLimit = 1 }, want: `NOERROR
			heavy.service.consul. consul.: service "heavy"
			` + noTTL + `
			cut 1 of 2
			in n1/h1 answered 10.5.1.1 weight=5
			in n2/h2 answered 10.5.1.1 weight=0
			out n2/h3 not-drawn 10.5.1.2 weight=0`},
		{ask: "nope.service.consul. A", want: `NXDOMAIN no service "nope"
			nope.service.consul. consul.: service "nope"
			` + soaTTL},
		{ask: "web.service.dc2.consul. A", want: `NXDOMAIN no datacenter "dc2"; services are NAME.service, nodes NODE.node
			web.service.dc2.consul. consul.: service "web" in datacenter "dc2"
			` + soaTTL},
		{ask: "n1.node.consul. AAAA", want: `NOERROR
			n1.node.consul. consul.: node "n1"
			ttl 0 dns_config.node_ttl
			in n1 answered 10.0.0.11 2001:db8::11`},
		{ask: "sick.node.consul. A", want: `NOERROR
			sick.node.consul. consul.: node "sick"
			ttl 0 dns_config.node_ttl
			in sick answered 10.0.0.14 !serfHealth`},
		{ask: "n2.node.consul. AAAA", want: `NOERROR the name has addresses of the other family only
			n2.node.consul. consul.: node "n2"
			` + soaTTL + `
			out n2 other-family 10.0.0.12`},
		{ask: "0a000001.addr.consul. A", want: `NOERROR
			0a000001.addr.consul. consul.: address 10.0.0.1
			ttl 0 dns_config.node_ttl`},
		{ask: "consul. NS", want: `NOERROR
			consul. consul.: the zone itself
			ttl 0 dns_config.node_ttl
			in srv1/consul answered 10.0.0.1`},
		{ask: "ns.consul. A", want: `NOERROR
			ns.consul. consul.: the zone's servers
			ttl 0 dns_config.node_ttl
			in srv1/consul answered 10.0.0.1`},
		{ask: "service.consul. A", want: `NOERROR there are names below this one, but no records at it
			service.consul. consul.: a name that only others stand below
			` + soaTTL},
		{ask: "a.b.c.d.consul. A", want: `NXDOMAIN the name fits no form: NAME.service, TAG.NAME.service, NODE.node, HEX.addr
			a.b.c.d.consul. consul.: no form of name
			` + soaTTL},
		{ask: "3.0.1.10.in-addr.arpa. PTR", want: `NOERROR at this address 1 instance: 1 critical
			3.0.1.10.in-addr.arpa. 3.0.1.10.in-addr.arpa.: reverse name of address 10.1.0.3
			` + soaTTL + `
			out n2/web-3 critical 10.1.0.3 !service:web-3`},
		{ask: "11.0.0.10.in-addr.arpa. PTR", want: `NOERROR
			11.0.0.10.in-addr.arpa. 11.0.0.10.in-addr.arpa.: reverse name of address 10.0.0.11
			ttl 0 dns_config.node_ttl
			in n1 answered 10.0.0.11 2001:db8::11`},
		{ask: "1.0.1.10.in-addr.arpa. A", want: `NOERROR the name has no records of this type
			1.0.1.10.in-addr.arpa. 1.0.1.10.in-addr.arpa.: reverse name of address 10.1.0.1
			` + soaTTL + `
			out n1/web-1 no-such-type 10.1.0.1`},
		{ask: "example.com. A", want: "REFUSED not in a zone of this server"},
	} {
		t.Run(c.ask, func(t *testing.T) {
			r := resolver(t, c.change)
			got := told(r.Explain(question(t, c.ask), worldView(t), rand.New(rand.NewPCG(1, 2))))
			if want := tidied(c.want); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// tidied drops the indentation and the empty lines of a table's text.
func tidied(text string) string {
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}

func resolver(t *testing.T, change func(*dns.Config)) *dns.Resolver {
	t.Helper()
	cfg := dns.DefaultConfig()
	if change != nil {
		change(&cfg)
	}
	r, err := dns.NewResolver(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func worldView(t *testing.T) dns.View { return dns.View(current(dnstest.Catalog(t, world))) }

func question(t *testing.T, ask string) dns.Question {
	t.Helper()
	name, qtype, _ := strings.Cut(ask, " ")
	q, err := dns.NewQuestion(name, qtype, true)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// TestExplainedIsAnswered holds that an explanation is of the very answer: the same
// draws give the same records, and who is said to be in has one of them.
func TestExplainedIsAnswered(t *testing.T) {
	view := worldView(t)
	services, _ := view.Snapshot.Services()
	names := []string{"consul.", "ns.consul.", "n1.node.consul.", "red.web.service.consul.", "1.0.1.10.in-addr.arpa."}
	for name := range services {
		names = append(names, name+".service.consul.")
	}
	slices.Sort(names)
	for _, change := range []func(*dns.Config){nil, func(c *dns.Config) { c.ARecordLimit, c.UDPAnswerLimit = 1, 1 }} {
		r := resolver(t, change)
		for _, name := range names {
			for _, qtype := range []uint16{mdns.TypeA, mdns.TypeAAAA, mdns.TypeSRV, mdns.TypeTXT, mdns.TypeANY, mdns.TypeNS, mdns.TypePTR} {
				q := dns.Question{Name: name, Type: qtype, UDP: true}
				e := r.Explain(q, view, rand.New(rand.NewPCG(7, 7)))
				if a := r.Resolve(q, view, rand.New(rand.NewPCG(7, 7))); !reflect.DeepEqual(a, e.Answer) {
					t.Errorf("%s %s: answered\n%v\nexplained\n%v", name, q.TypeName(), a, e.Answer)
				}
				in := 0
				for _, c := range e.Steps[0].Considered {
					if c.Verdict.In() {
						in++
					}
				}
				own := slices.ContainsFunc(e.Answer.Answer, func(rr mdns.RR) bool {
					return rr.Header().Name == name && rr.Header().Rrtype != mdns.TypeSOA
				})
				if (in > 0) != own {
					t.Errorf("%s %s: %d are said to be in the answer %v", name, q.TypeName(), in, e.Answer.Answer)
				}
			}
		}
	}
}

func TestExplainView(t *testing.T) {
	r, q := resolver(t, nil), question(t, "web.service.consul. A")
	rng := rand.New(rand.NewPCG(1, 2))
	if e := r.Explain(q, dns.View{}, rng); told(e) != "SERVFAIL the catalog is not loaded yet" || e.Ready || e.Index != 0 {
		t.Errorf("before the catalog is loaded: %s, %+v", told(e), e)
	}
	old := worldView(t)
	old.Age = time.Minute
	if e := r.Explain(q, old, rng); !e.Answer.Stale || e.Age != time.Minute || e.Index != old.Snapshot.Index || !e.Ready {
		t.Errorf("stale: %+v", e)
	}
}
