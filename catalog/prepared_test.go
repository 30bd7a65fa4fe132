package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// queryID is the id of a test's query.
func queryID(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

// drawPrepared makes a command about prepared queries, of a few names and sessions.
func drawPrepared(t *rapid.T) Command {
	q := PreparedQuery{
		ID:      queryID(rapid.IntRange(0, 4).Draw(t, "query")),
		Name:    rapid.SampledFrom([]string{"", "a", "A", "a-b", "a-b.c", "b.c", "ab"}).Draw(t, "name"),
		Session: rapid.SampledFrom(append(modelSessions, "", "")).Draw(t, "session"),
		Service: ServiceQuery{Service: "web"},
	}
	switch rapid.IntRange(0, 5).Draw(t, "of a query") {
	case 0:
		return &DeletePreparedQuery{q.ID}
	case 1, 2:
		q.Template = &QueryTemplate{Regexp: rapid.SampledFrom([]string{"", `^(.*)\.`}).Draw(t, "regexp")}
	}
	return &SetPreparedQuery{Query: q, Update: rapid.Bool().Draw(t, "update")}
}

// TestFindPreparedQuery compares lookups by the indexes with a look at every query.
func TestFindPreparedQuery(t *testing.T) {
	names := []string{"a", "A", "a-", "a-b", "a-b.c", "x.a-b.c", "c", "b.c", "ab", "abc", "b", "z", "."}
	rapid.Check(t, func(t *rapid.T) {
		s := New()
		for i := range rapid.IntRange(1, 20).Draw(t, "commands") {
			_, _ = s.Apply(uint64(i+1), drawPrepared(t)) // some are refused
		}
		snap := s.Snapshot()
		all, _ := snap.PreparedQueries()
		taken := map[string]bool{}
		for _, q := range all {
			if key := Fold(q.Name); q.Name != "" || q.Template != nil {
				if taken[key] {
					t.Fatalf("two queries have the name %q", q.Name)
				}
				taken[key] = true
			}
		}
		for _, name := range names {
			if got, want := snap.findQuery(name), findByLooking(all, name); got != want {
				t.Fatalf("%q is %+v, want %+v", name, got, want)
			}
			below := slices.ContainsFunc(all, func(q *PreparedQuery) bool {
				return q.takesDots() || strings.HasSuffix(Fold(q.Name), "."+Fold(name))
			})
			if got := snap.HasPreparedQueryBelow(name); got != below {
				t.Fatalf("below %q: %t", name, got)
			}
		}
	})
}

func findByLooking(all []*PreparedQuery, name string) *PreparedQuery {
	var best *PreparedQuery
	for _, q := range all {
		switch {
		case q.Template == nil && q.Name != "" && Fold(q.Name) == Fold(name):
			return q
		case q.Template != nil && strings.HasPrefix(Fold(name), Fold(q.Name)) && (best == nil || len(q.Name) > len(best.Name)):
			best = q
		}
	}
	return best
}

func TestPreparedQueryByID(t *testing.T) {
	s := New()
	apply(t, s,
		&SetPreparedQuery{Query: PreparedQuery{ID: queryID(10), Service: ServiceQuery{Service: "web"}}},
		&SetPreparedQuery{Query: PreparedQuery{ID: queryID(11), Template: &QueryTemplate{}, Service: ServiceQuery{Service: "web"}}})
	snap := s.Snapshot()
	if q, _ := snap.FindPreparedQuery(queryID(10)); q == nil || q.ID != queryID(10) {
		t.Errorf("by its id: %+v", q)
	}
	for _, id := range []string{queryID(11), queryID(12), ""} { // no template has that for its name, not even one for all
		if q, _ := snap.FindPreparedQuery(id); q != nil {
			t.Errorf("%q is %+v", id, q)
		}
	}
}

func TestQueryGoesWithItsSession(t *testing.T) {
	s := New()
	apply(t, s, instance("n1", "10.0.0.1", "a", "web"),
		&CreateSession{Session: Session{ID: "s1", Node: "n1", Behavior: ReleaseKeys}},
		&SetPreparedQuery{Query: PreparedQuery{ID: queryID(1), Name: "q", Session: "s1", Service: ServiceQuery{Service: "web"}}})
	_, mark := s.Snapshot().PreparedQueries()
	apply(t, s, &Deregister{Node: "n1"})
	if all, now := s.Snapshot().PreparedQueries(); len(all) != 0 || now.Index <= mark.Index || !fired(mark.Changed) {
		t.Errorf("%d queries are left, index %d after %d", len(all), now.Index, mark.Index)
	}
	if _, err := s.Apply(99, &SetPreparedQuery{Query: PreparedQuery{ID: queryID(1), Session: "s1", Service: ServiceQuery{Service: "web"}}}); CodeOf(err) != NotFound {
		t.Errorf("a session that is gone: %v", err)
	}
}

func TestBadPreparedQueries(t *testing.T) {
	good := PreparedQuery{ID: queryID(1), Name: "q", Service: ServiceQuery{Service: "web"}}
	many := slices.Repeat([]string{"x"}, maxQueryParts+1)
	for want, change := range map[string]func(*PreparedQuery){
		`ID: "x" is not a UUID`: func(q *PreparedQuery) { q.ID = "x" },
		`Name: "00000000-0000-4000-8000-000000000009" has the form of an id`:            func(q *PreparedQuery) { q.Name = queryID(9) },
		"Service.Service: is missing":                                                   func(q *PreparedQuery) { q.Service.Service = "" },
		"Service.Failover.NearestN: -1 is outside 0..64":                                func(q *PreparedQuery) { q.Service.Failover.NearestN = -1 },
		"Service.Failover.Targets: excludes NearestN and Datacenters":                   func(q *PreparedQuery) { q.Service.Failover = QueryFailover{NearestN: 1, Targets: []QueryTarget{{}}} },
		`DNS.TTL: "soon" is not a TTL such as "10s"`:                                    func(q *PreparedQuery) { q.TTL = "soon" },
		`DNS.TTL: "-1s" is not a TTL such as "10s"`:                                     func(q *PreparedQuery) { q.TTL = "-1s" },
		"Service.Tags: has 65 parts, the limit is 64":                                   func(q *PreparedQuery) { q.Service.Tags = many },
		`"a\nb" has a control character`:                                                func(q *PreparedQuery) { q.Service.Near = "a\nb" },
		`"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"... has 513 bytes, the limit is 512`: func(q *PreparedQuery) { q.Service.Near = strings.Repeat("x", 513) },
		`"web${": a ${ is not closed`:                                                   func(q *PreparedQuery) { q.Template, q.Service.Service = &QueryTemplate{}, "web${" },
		"${name}: is none of ${name.full}, ${name.prefix}, ${name.suffix}, ${match(N)}, ${agent.segment}": func(q *PreparedQuery) {
			q.Template, q.Service.Tags = &QueryTemplate{}, []string{"${name}"}
		},
		"${match(-1)}: is none of ${name.full}, ${name.prefix}, ${name.suffix}, ${match(N)}, ${agent.segment}": func(q *PreparedQuery) {
			q.Template, q.Service.NodeMeta = &QueryTemplate{}, map[string]string{"k": "${match(-1)}"}
		},
		"Template.Regexp: error parsing regexp: missing closing ): `(`": func(q *PreparedQuery) { q.Template = &QueryTemplate{Regexp: "("} },
	} {
		q := good
		change(&q)
		if err := q.Validate(); err == nil || err.Error() != want {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
	s := New()
	apply(t, s, &SetPreparedQuery{Query: good})
	for want, c := range map[string]*SetPreparedQuery{
		`Name: "Q" is that of query ` + queryID(1) + " already":           {Query: PreparedQuery{ID: queryID(2), Name: "Q", Service: good.Service}},
		`there is a query with id "` + queryID(1) + `" already`:           {Query: good},
		"Cannot modify non-existent prepared query: '" + queryID(3) + "'": {Query: PreparedQuery{ID: queryID(3), Service: good.Service}, Update: true},
		`invalid session "none"`:                                          {Query: PreparedQuery{ID: queryID(3), Session: "none", Service: good.Service}},
	} {
		if _, err := s.Apply(s.Applied()+1, c); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestRender(t *testing.T) {
	q := &PreparedQuery{Name: "geo-db", Template: &QueryTemplate{Regexp: `^geo-db-(.*?)-([^\-]+?)$`, RemoveEmptyTags: true}, Service: ServiceQuery{
		Service: "${match(1)}-x", Near: "${agent.segment}", Tags: []string{"${match(2)}", "!${ match( 9 ) }", "$${name.full}", "$$$"},
		IgnoreCheckIDs: []string{"${name.suffix}"}, NodeMeta: map[string]string{"${name.full}": "${name.full}"}, ServiceMeta: map[string]string{"p": "${name.prefix}"},
		Failover: QueryFailover{Datacenters: []string{"${match(2)}"}, Targets: []QueryTarget{{Datacenter: "${match(0)}", Service: "${match(1)}"}}},
	}}
	q.compile()
	got := q.Render("geo-db-customer-primary").Service
	want := ServiceQuery{
		Service: "customer-x", Tags: []string{"primary", "${name.full}", "$$$"},
		IgnoreCheckIDs: []string{"-customer-primary"}, NodeMeta: map[string]string{"${name.full}": "geo-db-customer-primary"}, ServiceMeta: map[string]string{"p": "geo-db"},
		Failover: QueryFailover{Datacenters: []string{"primary"}, Targets: []QueryTarget{{Datacenter: "geo-db-customer-primary", Service: "customer"}}},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if other := q.Render("geo-dbx").Service; other.Service != "-x" || len(other.Tags) != 2 || other.IgnoreCheckIDs[0] != "x" {
		t.Errorf("a name that does not match: %+v", other)
	}
	if q.Service.Tags[0] != "${match(2)}" || !maps.Equal(q.Service.NodeMeta, map[string]string{"${name.full}": "${name.full}"}) {
		t.Error("the template itself was changed")
	}
}
