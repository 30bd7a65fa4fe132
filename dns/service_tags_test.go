package dns_test

import (
	"fmt"
	"testing"

	mdns "github.com/miekg/dns"

	"muster/catalog"
	"muster/dns/dnstest"
)

// TestTagsComeAndGo holds that a tag which was denied is answered once an instance has it, and
// denied again when none has, whatever the instances' health; over more services than tags are kept of.
func TestTagsComeAndGo(t *testing.T) {
	s := dnstest.Catalog(t, "node n1 10.0.0.1")
	d, _ := newDesk(t, live{s}, nil)
	instance := func(service int, tags ...string) catalog.Command {
		return &catalog.Register{Node: catalog.Node{Name: "n1"}, SkipNodeUpdate: true, Instance: &catalog.Instance{
			ID: fmt.Sprint("i", service), Name: fmt.Sprint("s", service), Address: "10.1.0.1", Weights: catalog.DefaultWeights, Tags: tags,
		}}
	}
	const services = 150
	for i := range services {
		apply(t, s, instance(i, fmt.Sprint("own", i)))
	}
	for i := range services { // after those of others
		if got, _ := d.ask(fmt.Sprintf("none.s%d.service.consul. A", i)); got != "NXDOMAIN" {
			t.Fatalf("a tag of no service: %q", got)
		}
		for _, other := range []int{i, i / 2, services - 1 - i} {
			if got, _ := d.ask(fmt.Sprintf("own%[1]d.s%[1]d.service.consul. A", other)); got != "10.1.0.1" {
				t.Fatalf("its own tag of service %d: %q", other, got)
			}
		}
	}
	for _, step := range []struct {
		tags   []string
		name   string
		answer string
	}{
		{nil, "new", "NXDOMAIN"}, {[]string{"New"}, "new", "10.1.0.1"}, {[]string{"New"}, "other", "NXDOMAIN"},
		{[]string{"v1.Beta"}, "beta", "NOERROR"}, {[]string{"v1.Beta"}, "v1.beta", "10.1.0.1"}, {[]string{"v1.Beta"}, "v1", "NXDOMAIN"},
		{[]string{"v1.Beta"}, "v2.beta", "NXDOMAIN"}, {[]string{"a", "b"}, "a.b", "10.1.0.1"}, {[]string{"a", "b"}, "a.c", "NXDOMAIN"}, {nil, "a", "NXDOMAIN"},
	} {
		for i := range services {
			apply(t, s, instance(i, step.tags...))
			got, path := d.ask(fmt.Sprintf("%s.s%d.service.consul. A", step.name, i))
			if got != step.answer || (path == "negative") != (got == "NXDOMAIN") {
				t.Fatalf("%s of service %d with tags %v: %q by %q, want %q", step.name, i, step.tags, got, path, step.answer)
			}
		}
	}
}

// TestManyTagsAreNotKept holds that a service with more tags than are kept is answered as others are.
func TestManyTagsAreNotKept(t *testing.T) {
	var tags []string
	for i := range 2000 {
		tags = append(tags, fmt.Sprint("t", i))
	}
	s := dnstest.Catalog(t, "node n1 10.0.0.1")
	apply(t, s, &catalog.Register{Node: catalog.Node{Name: "n1"}, SkipNodeUpdate: true, Instance: &catalog.Instance{
		ID: "i", Name: "web", Address: "10.1.0.1", Weights: catalog.DefaultWeights, Tags: tags,
	}})
	d, _ := newDesk(t, live{s}, nil)
	for ask, want := range map[string]string{"t7.web.service.consul. A": "10.1.0.1", "none.web.service.consul. A": "NXDOMAIN"} {
		if got, path := d.ask(ask); got != want || path != "miss" {
			t.Errorf("%s: %q by %q", ask, got, path)
		}
	}
	if _, ok := d.cache.Denies(make([]byte, 1232), packed(t, "none.web.service.consul.", mdns.TypeA, 0), localhost); ok {
		t.Error("denied by what is not known")
	}
}
