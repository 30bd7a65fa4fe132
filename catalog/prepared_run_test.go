package catalog

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// mapPlaces are datacenters by name, with the instances of services; one that is nil cannot be asked.
type mapPlaces struct {
	in      map[string]map[string][]Entry
	nearest []string
	asked   []string
}

func (p *mapPlaces) Entries(dc, service string) ([]Entry, error) {
	p.asked = append(p.asked, dc+"/"+service)
	services, known := p.in[dc]
	switch {
	case !known:
		return nil, Errorf(NotFound, "no datacenter")
	case services == nil:
		return nil, Errorf(Unavailable, "not ready")
	}
	return services[service], nil
}

func (p *mapPlaces) Datacenters() []string { return p.nearest }

// entry is an instance with a check; words are tags, or key=value of its meta.
func entry(node string, status Status, words ...string) Entry {
	e := Entry{Node: &Node{Name: node, Meta: map[string]string{"rack": node}}, Instance: &Instance{Node: node, ID: node, Meta: map[string]string{}}}
	for _, w := range words {
		if key, value, is := strings.Cut(w, "="); is {
			e.Instance.Meta[key] = value
		} else {
			e.Instance.Tags = append(e.Instance.Tags, w)
		}
	}
	e.Checks = []*Check{{ID: "flaky", Status: status}}
	return e
}

func namesOf(entries []Entry) string {
	var out []string
	for _, e := range entries {
		out = append(out, e.Instance.ID)
	}
	return strings.Join(out, " ")
}

func TestRunChooses(t *testing.T) {
	web := []Entry{
		entry("a", Passing, "v1", "blue", "zone=x"), entry("b", Warning, "V1", "green"),
		entry("c", Critical, "v1"), entry("d", Maintenance, "v1", "blue"),
	}
	for want, q := range map[string]ServiceQuery{
		"a b":     {},
		"a":       {OnlyPassing: true},
		"a b c d": {IgnoreCheckIDs: []string{"flaky"}},
		"b":       {Tags: []string{"v1", "!Blue"}},
		"":        {Tags: []string{"v1", "!v1"}},
		"a ":      {ServiceMeta: map[string]string{"zone": "x"}},
		"b ":      {NodeMeta: map[string]string{"rack": "b"}},
		" ":       {NodeMeta: map[string]string{"rack": "b"}, OnlyPassing: true},
	} {
		q.Service = "web"
		p := &mapPlaces{in: map[string]map[string][]Entry{"": {"web": web}}}
		got := (&PreparedQuery{Service: q}).Run("dc1", p)
		if namesOf(got.Found) != strings.TrimSpace(want) || len(got.Seen) != 4 || got.Failovers != 0 || got.Unknown != nil {
			t.Errorf("%+v: %q, want %q; %+v", q, namesOf(got.Found), want, got)
		}
	}
}

func TestRunFailsOver(t *testing.T) {
	down, up := []Entry{entry("x", Critical)}, func(name string) map[string][]Entry {
		return map[string][]Entry{"web": {entry(name, Passing)}, "spare": {entry("spare-"+name, Passing)}}
	}
	for _, tt := range []struct {
		name     string
		failover QueryFailover
		asked    string
		found    string
		dc       string
		count    int
		unknown  bool
	}{
		{"nowhere", QueryFailover{}, "/web", "", "", 0, false},
		{"the nearest, home is none of them", QueryFailover{NearestN: 1}, "/web dc2/web", "", "", 1, false},
		{"the nearest two", QueryFailover{NearestN: 2}, "/web dc2/web dc3/web", "three", "dc3", 2, false},
		{"a list, without those tried", QueryFailover{NearestN: 1, Datacenters: []string{"DC2", "dc1", "", "dc4", "dc3"}}, "/web dc2/web dc4/web dc3/web", "three", "dc3", 2, false},
		{"one that cannot be asked", QueryFailover{Datacenters: []string{"dc5", "dc2"}}, "/web dc5/web dc2/web", "", "", 2, true},
		{"one that cannot be asked, but another answers", QueryFailover{Datacenters: []string{"dc5", "dc3"}}, "/web dc5/web dc3/web", "three", "dc3", 2, false},
		{"a service here", QueryFailover{Targets: []QueryTarget{{Service: "spare"}}}, "/web /spare", "one", "", 1, false},
		{"a service elsewhere", QueryFailover{Targets: []QueryTarget{{Datacenter: "dc2"}, {"dc3", "spare"}}}, "/web dc2/web dc3/spare", "spare-three", "dc3", 2, false},
	} {
		p := &mapPlaces{nearest: []string{"dc1", "dc2", "dc3"}, in: map[string]map[string][]Entry{
			"": {"web": down, "spare": {entry("one", Passing)}}, "dc2": {"web": down}, "dc3": up("three"), "dc5": nil,
		}}
		got := (&PreparedQuery{Service: ServiceQuery{Service: "web", Failover: tt.failover}}).Run("dc1", p)
		if asked := strings.Join(p.asked, " "); asked != tt.asked {
			t.Errorf("%s: asked %s, want %s", tt.name, asked, tt.asked)
		}
		if namesOf(got.Found) != tt.found || got.Datacenter != tt.dc || got.Failovers != tt.count || (got.Unknown != nil) != tt.unknown {
			t.Errorf("%s: %q from %q, %d failovers, unknown %v", tt.name, namesOf(got.Found), got.Datacenter, got.Failovers, got.Unknown)
		}
		if tt.found == "" && (namesOf(got.Seen) != "x" || got.Service != "web") {
			t.Errorf("%s: seen %q", tt.name, namesOf(got.Seen))
		}
	}
}

func TestArrange(t *testing.T) {
	s := New()
	at := func(x float64) Coordinate { return Coordinate{Vec: []float64{x, 0, 0, 0, 0, 0, 0, 0}} }
	apply(t, s, instance("n1", "10.0.0.1", "a", "web"), instance("n2", "10.0.0.2", "b", "web"),
		instance("n3", "10.0.0.3", "c", "web"), instance("n4", "10.0.0.4", "d", "web"))
	if _, err := s.Apply(s.Applied()+1, &UpdateCoordinates{Updates: []NodeCoordinate{
		{Node: "n1", Coord: at(3)}, {Node: "n2", Coord: at(1)}, {Node: "n3", Coord: at(2)},
	}}); err != nil {
		t.Fatal(err)
	}
	snap := s.Snapshot()
	rng := rand.New(rand.NewPCG(1, 2))
	seen := map[string]bool{}
	for range 200 {
		entries := slices.Clone(snap.Entries("web"))
		snap.Arrange(entries, "", rng)
		seen[namesOf(entries)] = true
		snap.Arrange(entries, "n2", rng)
		if got := namesOf(entries); got != "b c a d" {
			t.Fatalf("from n2: %s", got)
		}
		snap.Arrange(entries, "n4", rng) // of which nobody knows where it is
		if got := namesOf(entries); !strings.HasPrefix(got, "d ") {
			t.Fatalf("from n4: %s", got)
		}
	}
	if len(seen) != 24 {
		t.Errorf("%d orders of 24 came up", len(seen))
	}
	origin := QueryOrigin{Agent: "n1", Client: netip.MustParseAddr("10.0.0.3")}
	for near, want := range map[string]string{"": "", "_agent": "n1", "_ip": "n3", "n9": "n9"} {
		if got := snap.OrderFrom(near, origin); got != want {
			t.Errorf("near %q is %q, want %q", near, got, want)
		}
	}
	if got := fmt.Sprint(snap.OrderFrom("_ip", QueryOrigin{}), snap.OrderFrom("_ip", QueryOrigin{Client: netip.MustParseAddr("192.0.2.1")})); got != "" {
		t.Errorf("an address of nobody is %q", got)
	}
}
