package dns_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"muster/catalog"
	"muster/dns"
	"muster/dns/dnstest"
)

// preparedID is the id of a test's prepared query.
func preparedID(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

// prepare adds queries to a state.
func prepare(t *testing.T, s *catalog.State, queries ...catalog.PreparedQuery) {
	t.Helper()
	for _, q := range queries {
		if q.ID == "" {
			q.ID = preparedID(int(s.Applied()))
		}
		if _, err := s.Apply(s.Applied()+1, &catalog.SetPreparedQuery{Query: q}); err != nil {
			t.Fatal(err)
		}
	}
}

func asks(service string) catalog.ServiceQuery { return catalog.ServiceQuery{Service: service} }

func TestPreparedQueries(t *testing.T) {
	state := dnstest.Catalog(t, `
node n1 10.0.0.11 meta.rack=a
node n2 10.0.0.12
service n1 web id=w1 addr=10.1.0.1 port=80 tags=v1,blue weights=3/1 meta.zone=x
service n2 web id=w2 port=81 tags=v1 status=warning
service n2 web id=w3 addr=10.1.0.3 port=82 status=critical
service n1 six id=six addr=2001:db8::1 port=1
service n1 host id=host addr=www.example.com port=1
service n1 sick id=sick status=critical`)
	failover := asks("sick")
	failover.Failover.Targets = []catalog.QueryTarget{{Service: "none"}, {Service: "six"}}
	blue, notBlue, passing, ignoring, zoned := asks("web"), asks("web"), asks("web"), asks("web"), asks("web")
	blue.Tags, notBlue.Tags = []string{"BLUE", "v1"}, []string{"!blue"}
	passing.OnlyPassing, ignoring.IgnoreCheckIDs = true, []string{"service:w2", "service:w3"}
	zoned.ServiceMeta, zoned.NodeMeta = map[string]string{"zone": "x"}, map[string]string{"rack": "b"}
	tagged := asks("web")
	tagged.Tags = []string{"${match(1)}"}
	prepare(t, state,
		catalog.PreparedQuery{ID: preparedID(1), Name: "Web", Service: asks("web"), TTL: "30s"},
		catalog.PreparedQuery{Name: "blue", Service: blue}, catalog.PreparedQuery{Name: "not-blue", Service: notBlue},
		catalog.PreparedQuery{Name: "passing", Service: passing}, catalog.PreparedQuery{Name: "ignoring", Service: ignoring},
		catalog.PreparedQuery{Name: "zoned", Service: zoned}, catalog.PreparedQuery{Name: "next", Service: failover},
		catalog.PreparedQuery{Name: "host", Service: asks("host")}, catalog.PreparedQuery{Name: "sick", Service: asks("sick")},
		catalog.PreparedQuery{Name: "none", Service: asks("none")}, catalog.PreparedQuery{Name: "a.dotted", Service: asks("six")},
		catalog.PreparedQuery{Name: "tag-", Template: &catalog.QueryTemplate{Regexp: "^tag-(.*)$"}, Service: tagged},
	)
	h := handler(t, live{state}, func(c *dns.Config) { c.ServiceTTL = map[string]time.Duration{"web": 5 * time.Second} })
	consul := soa("consul.", "consul.", state)
	const both = "web.query.consul. 30 A 10.1.0.1\nweb.query.consul. 30 A 10.0.0.12"
	dnstest.Run(t, h, []dnstest.Case{
		{Ask: "web.query.consul. A", Answer: both},
		{Ask: "WEB.Query.consul. A", Answer: strings.ReplaceAll(both, "web.query.consul.", "WEB.Query.consul.")},
		{Ask: "web.query.dc1.consul. A", Answer: strings.ReplaceAll(both, "query.", "query.dc1.")},
		{Ask: "_web._tcp.query.consul. A", Answer: strings.ReplaceAll(both, "web.query.", "_web._tcp.query.")},
		{Ask: "_web._any.query.consul. A", Answer: strings.ReplaceAll(both, "web.query.", "_web._any.query.")},
		{Ask: preparedID(1) + ".query.consul. A", Answer: strings.ReplaceAll(both, "web.query.", preparedID(1)+".query.")},
		{Ask: "web.query.consul. AAAA", Ns: consul},
		{Ask: "web.query.consul. SRV",
			Answer: "web.query.consul. 30 SRV 1 3 80 0a010001.addr.dc1.consul.\nweb.query.consul. 30 SRV 1 1 81 n2.node.dc1.consul.",
			Extra:  "0a010001.addr.dc1.consul. 30 A 10.1.0.1\nn2.node.dc1.consul. 30 A 10.0.0.12"},
		{Ask: "blue.query.consul. A", Answer: "blue.query.consul. 5 A 10.1.0.1"},
		{Ask: "not-blue.query.consul. A", Answer: "not-blue.query.consul. 5 A 10.0.0.12"},
		{Ask: "passing.query.consul. A", Answer: "passing.query.consul. 5 A 10.1.0.1"},
		{Ask: "ignoring.query.consul. A", Answer: "ignoring.query.consul. 5 A 10.1.0.1\nignoring.query.consul. 5 A 10.0.0.12\nignoring.query.consul. 5 A 10.1.0.3"},
		{Ask: "tag-BLUE.query.consul. A", Answer: "tag-BLUE.query.consul. 5 A 10.1.0.1"},
		{Ask: "next.query.consul. AAAA", Answer: "next.query.consul. AAAA 2001:db8::1"},
		{Ask: "host.query.consul. A", Answer: "host.query.consul. CNAME www.example.com."},
		{Ask: "_host._tcp.query.consul. A", Ns: consul},
		{Ask: "zoned.query.consul. A", Rcode: "NXDOMAIN", Ns: consul, EDNS: "1232", EDE: "0 no instance has the tags and meta that the prepared query asks for"},
		{Ask: "sick.query.consul. A", Rcode: "NXDOMAIN", Ns: consul, EDNS: "1232", EDE: "0 1 instance: 1 critical"},
		{Ask: "none.query.consul. A", Rcode: "NXDOMAIN", Ns: consul, EDNS: "1232", EDE: `0 no service "none"`},
		{Ask: "tag-none.query.consul. A", Rcode: "NXDOMAIN", Ns: consul},
		{Ask: "other.query.consul. A", Rcode: "NXDOMAIN", Ns: consul, EDNS: "1232", EDE: "0 there is no such prepared query"},
		{Ask: "web.query.dc9.consul. A", Rcode: "NXDOMAIN", Ns: consul},
		{Ask: "dotted.query.consul. A", Ns: consul},
		{Ask: "_tcp.query.consul. A", Ns: consul},
		{Ask: "_x._tcp.query.consul. A", Rcode: "NXDOMAIN", Ns: consul},
		{Ask: "query.consul. A", Ns: consul},
	})
}

// TestPreparedQueriesFailOver has a query at home go abroad, and one abroad come here.
func TestPreparedQueriesFailOver(t *testing.T) {
	home, far := dnstest.Catalog(t, "node n1 10.0.0.1\nservice n1 web status=critical\nservice n1 db"), dnstest.Catalog(t, "node far 10.9.0.1\nservice far web port=9")
	nearest, listed, lost, back := asks("web"), asks("web"), asks("web"), asks("db")
	nearest.Failover.NearestN = 1
	listed.Failover.Datacenters = []string{"dc9", "new", "DC2"}
	lost.Failover.Datacenters = []string{"dc9", "new"}
	back.Failover.Datacenters = []string{"dc1"}
	prepare(t, home, catalog.PreparedQuery{Name: "nearest", Service: nearest}, catalog.PreparedQuery{Name: "listed", Service: listed}, catalog.PreparedQuery{Name: "lost", Service: lost})
	prepare(t, far, catalog.PreparedQuery{Name: "back", Service: back})
	src := fixed{Snapshot: home.Snapshot(), Ready: true, Datacenters: func() []string { return []string{"dc1", "dc2"} }, Remote: func(dc string) (dns.View, bool) {
		switch catalog.Fold(dc) {
		case "dc2":
			return dns.View{Snapshot: far.Snapshot(), Ready: true, Age: time.Minute}, true
		case "new":
			return dns.View{}, true
		}
		return dns.View{}, false
	}}
	dnstest.Run(t, handler(t, src, nil), []dnstest.Case{
		{Ask: "nearest.query.consul. SRV", Answer: "nearest.query.consul. SRV 1 1 9 far.node.dc2.consul.", Extra: "far.node.dc2.consul. A 10.9.0.1", EDNS: "1232", EDE: "3"},
		{Ask: "listed.query.consul. A", Answer: "listed.query.consul. A 10.9.0.1"},
		{Name: "nobody can tell", Ask: "lost.query.consul. A", Flags: "-", Rcode: "SERVFAIL"},
		{Ask: "back.query.dc2.consul. SRV", Answer: "back.query.dc2.consul. SRV 1 1 0 n1.node.dc1.consul.", Extra: "n1.node.dc1.consul. A 10.0.0.1"},
	})
}

// TestPreparedQueriesInOrder holds that what is nearer comes first, from the cache as well, and that who asks decides where he may.
func TestPreparedQueriesInOrder(t *testing.T) {
	state := dnstest.Catalog(t, `
node n1 10.0.0.1
node n2 10.0.0.2
node n3 10.0.0.3
service n1 web port=1 priority=7
service n2 web port=1 priority=9
service n3 web port=1`)
	at := func(x float64) catalog.Coordinate { return catalog.Coordinate{Vec: []float64{x, 0, 0, 0, 0, 0, 0, 0}} }
	near := func(node string) catalog.ServiceQuery { q := asks("web"); q.Near = node; return q }
	if _, err := state.Apply(state.Applied()+1, &catalog.UpdateCoordinates{Updates: []catalog.NodeCoordinate{
		{Node: "n1", Coord: at(1)}, {Node: "n2", Coord: at(2)}, {Node: "n3", Coord: at(4)},
	}}); err != nil {
		t.Fatal(err)
	}
	prepare(t, state, catalog.PreparedQuery{Name: "n3", Service: near("n3")}, catalog.PreparedQuery{Name: "agent", Service: near("_agent")},
		catalog.PreparedQuery{Name: "me", Service: near("_ip")}, catalog.PreparedQuery{Name: "nobody", Service: near("nobody")})
	src := fixed{Snapshot: state.Snapshot(), Ready: true, Node: "n2"}
	d, h := newDesk(t, src, nil)
	order := func(answer string) string {
		var out []string
		for line := range strings.Lines(strings.ReplaceAll(answer, ", ", "\n")) {
			fields := strings.Fields(line)
			out = append(out, fields[len(fields)-1])
		}
		return strings.Join(out, " ")
	}
	for range 20 {
		for ask, want := range map[string]string{
			"n3.query.consul. A":      "10.0.0.3 10.0.0.2 10.0.0.1",
			"agent.query.consul. A":   "10.0.0.2 10.0.0.1 10.0.0.3",
			"agent.query.consul. SRV": "n2.node.dc1.consul. n1.node.dc1.consul. n3.node.dc1.consul.",
		} {
			if got, path := d.ask(ask); order(got) != want || path == "" {
				t.Errorf("%s: %q by %q, want %s", ask, got, path, want)
			}
		}
		if got, path := d.ask("me.query.consul. A"); path != "" {
			t.Errorf("an answer for one client is kept: %s by %s", got, path)
		}
		for from, want := range map[string]string{"10.0.0.3": "10.0.0.3 10.0.0.2 10.0.0.1", "10.0.0.1": "10.0.0.1 10.0.0.2 10.0.0.3"} {
			reply, _ := dnstest.Ask(t, h, dnstest.Case{Ask: "me.query.consul. A", From: from})
			var got []string
			for _, rr := range reply.Answer {
				got = append(got, rr.String())
			}
			if order(strings.Join(got, "\n")) != want {
				t.Errorf("for %s: %q, want %s", from, got, want)
			}
		}
	}
	reply, _ := dnstest.Ask(t, h, dnstest.Case{Ask: "me.query.consul. A", EDNS: "1232 ecs=10.0.0.3/32"})
	if first, o := reply.Answer[0].String(), reply.IsEdns0(); !strings.HasSuffix(first, "10.0.0.3") || !strings.Contains(o.String(), "10.0.0.3/32/32") {
		t.Errorf("on behalf of n3: %s\n%s", first, o)
	}
	if got, _ := d.ask("nobody.query.consul. A"); order(got) != "10.0.0.3 10.0.0.1 10.0.0.2" {
		t.Errorf("near nobody, priorities decide: %s", got)
	}
}

func TestExplainsPreparedQueries(t *testing.T) {
	state := dnstest.Catalog(t, "node n1 10.0.0.1\nservice n1 web id=w1 tags=blue\nservice n1 web id=w2")
	q := asks("${match(1)}")
	q.Tags = []string{"!blue"}
	prepare(t, state, catalog.PreparedQuery{Name: "not-", Template: &catalog.QueryTemplate{Regexp: "not-(.*)"}, Service: q})
	r, err := dns.NewResolver(dns.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	question, err := dns.NewQuestion("not-web.query.consul", "A", true)
	if err != nil {
		t.Fatal(err)
	}
	e := r.Explain(question, live{state}.View(), rand.New(rand.NewPCG(1, 2)))
	if got := e.Steps[0].String(); got != `prepared query "not-web" for service "web"` {
		t.Errorf("read as %s", got)
	}
	var said []string
	for _, c := range e.Steps[0].Considered {
		said = append(said, c.Instance.ID+" "+c.Verdict.Code())
	}
	if got := strings.Join(said, ", "); got != "w1 not-wanted, w2 answered" {
		t.Error(got)
	}
}
