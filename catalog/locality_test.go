package catalog

import (
	"strings"
	"testing"
)

func TestTiers(t *testing.T) {
	for _, c := range []struct {
		from, to Locality
		want     Tier
	}{
		{Locality{"eu", "a"}, Locality{"eu", "a"}, SameZone}, {Locality{"eu", "a"}, Locality{"eu", "b"}, SameRegion},
		{Locality{"eu", "a"}, Locality{"us", "a"}, Elsewhere}, {Locality{"eu", "a"}, Locality{"eu", "A"}, SameRegion},
		{Locality{"eu", ""}, Locality{"eu", ""}, SameRegion}, {Locality{"eu", "a"}, Locality{}, Elsewhere}, {Locality{}, Locality{}, Elsewhere},
	} {
		if got := c.from.To(c.to); got != c.want {
			t.Errorf("%+v to %+v: %d, want %d", c.from, c.to, got, c.want)
		}
	}
}

func TestLocalityOfEntries(t *testing.T) {
	s := newScript(t,
		&Register{Node: Node{Name: "n1", Address: "10.0.0.1", Locality: &Locality{"eu", "a"}}, Instance: &Instance{ID: "inherits", Name: "web"}},
		&Register{Node: Node{Name: "n1"}, SkipNodeUpdate: true, Instance: &Instance{ID: "says", Name: "web", Locality: &Locality{"us", ""}}},
		&Register{Node: Node{Name: "n2", Address: "10.0.0.2"}, Instance: &Instance{ID: "unknown", Name: "web", Locality: &Locality{}}})
	for i, want := range []Locality{{"eu", "a"}, {"us", ""}, {}} {
		if got := s.state.Snapshot().Entries("web")[i].Locality(); got != want {
			t.Errorf("instance %d: %+v, want %+v", i, got, want)
		}
	}
	before := s.state.Snapshot().ServiceMark("web")
	s.do(&Register{Node: Node{Name: "n1", Address: "10.0.0.1", Locality: &Locality{"eu", "b"}}})
	if !fired(before.Changed) || s.state.Snapshot().Entries("web")[0].Locality().Zone != "b" {
		t.Error("a node moved to another zone without a word")
	}
}

func TestLocalityValidate(t *testing.T) {
	for _, c := range []struct {
		l    Locality
		want string
	}{
		{Locality{}, ""}, {Locality{"eu", "a"}, ""}, {Locality{"eu", ""}, ""}, {Locality{"", "a"}, "locality.zone"},
		{Locality{"e\x00", "a"}, "locality.region"}, {Locality{"eu", strings.Repeat("a", 129)}, "locality.zone"},
	} {
		var got []string
		for _, p := range (&ServiceDefinition{Name: "web", Locality: &c.l}).Validate() {
			got = append(got, p.Field)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%+v: %v, want %s", c.l, got, c.want)
		}
	}
	a, b := &Instance{Locality: &Locality{"eu", "a"}}, &Instance{}
	if a.SameAs(b) || !b.SameAs(&Instance{Locality: &Locality{}}) || (&Node{Locality: a.Locality}).sameAs(&Node{}) {
		t.Error("localities are not compared")
	}
}
