package local

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"muster/catalog"
)

// describe is a step in a few words.
func describe(s step) string {
	switch c := s.command.(type) {
	case *catalog.SetStatus:
		return c.CheckID + "=" + string(c.Status)
	case *catalog.Deregister:
		return "-" + c.ServiceID + c.CheckID
	case *catalog.Register:
		text := "+"
		if c.Instance != nil {
			text += c.Instance.ID
		}
		for _, k := range c.Checks {
			text += "," + k.ID
		}
		return text
	}
	return fmt.Sprintf("%T", s.command)
}

func instances(list ...catalog.Instance) map[string]*catalog.Instance {
	m := map[string]*catalog.Instance{}
	for _, i := range list {
		i.Node, i.Name = "n1", "web"
		m[i.ID] = &i
	}
	return m
}

func checks(list ...catalog.Check) map[string]*catalog.Check {
	m := map[string]*catalog.Check{}
	for _, c := range list {
		c.Node = "n1"
		m[c.ID] = &c
	}
	return m
}

func TestPlan(t *testing.T) {
	const p, w, c = catalog.Passing, catalog.Warning, catalog.Critical
	tests := []struct {
		name             string
		want, have, sent rows
		all, outputs     bool
		steps            string
		held             bool
	}{
		{name: "nothing"},
		{name: "in line",
			want: rows{instances(catalog.Instance{ID: "a"}), checks(catalog.Check{ID: "k", ServiceID: "a", Status: p})},
			have: rows{instances(catalog.Instance{ID: "a"}), checks(catalog.Check{ID: "k", ServiceID: "a", Status: p, ServiceName: "web"})}},
		{name: "a new service brings its checks",
			want:  rows{instances(catalog.Instance{ID: "a"}), checks(catalog.Check{ID: "k2", ServiceID: "a", Status: p}, catalog.Check{ID: "k1", ServiceID: "a", Status: c})},
			steps: "+a,k1,k2"},
		{name: "checks of the node",
			want: rows{checks: checks(catalog.Check{ID: "k", Status: p})}, steps: "+,k"},
		{name: "an instance takes its checks along",
			have:  rows{instances(catalog.Instance{ID: "a"}), checks(catalog.Check{ID: "k", ServiceID: "a"}, catalog.Check{ID: "n"})},
			steps: "-a -n"},
		{name: "bad news first, good news last",
			want: rows{instances(catalog.Instance{ID: "a"}), checks(
				catalog.Check{ID: "1", Status: p}, catalog.Check{ID: "2", Status: c}, catalog.Check{ID: "3", Status: w},
				catalog.Check{ID: "4", Status: w}, catalog.Check{ID: "5", Status: p})},
			have: rows{instances(catalog.Instance{ID: "b"}), checks(
				catalog.Check{ID: "1", Status: c}, catalog.Check{ID: "2", Status: p}, catalog.Check{ID: "3", Status: c},
				catalog.Check{ID: "4", Status: p}, catalog.Check{ID: "5", Status: w})},
			steps: "2=critical 4=warning -b +a 1=passing 3=warning 5=passing"},
		{name: "output alone waits",
			want: rows{checks: checks(catalog.Check{ID: "k", Status: p, Output: "new"})},
			have: rows{checks: checks(catalog.Check{ID: "k", Status: p, Output: "old"})}, held: true},
		{name: "until it is due", outputs: true,
			want:  rows{checks: checks(catalog.Check{ID: "k", Status: p, Output: "new"})},
			have:  rows{checks: checks(catalog.Check{ID: "k", Status: p, Output: "old"})},
			steps: "k=passing"},
		{name: "another definition is registered",
			want:  rows{checks: checks(catalog.Check{ID: "k", Status: c, Notes: "new"})},
			have:  rows{checks: checks(catalog.Check{ID: "k", Status: p})},
			steps: "+,k"},
		{name: "a check that lost its service",
			want:  rows{instances(catalog.Instance{ID: "a"}), checks(catalog.Check{ID: "k", ServiceID: "a", Status: p})},
			have:  rows{instances(catalog.Instance{ID: "a"}), checks(catalog.Check{ID: "k", Status: p})},
			steps: "+,k"},
		{name: "others may change the tags",
			want: rows{instances: instances(catalog.Instance{ID: "a", EnableTagOverride: true, Tags: []string{"mine"}})},
			have: rows{instances: instances(catalog.Instance{ID: "a", EnableTagOverride: true, Tags: []string{"theirs"}})}},
		{name: "or not",
			want:  rows{instances: instances(catalog.Instance{ID: "a", Tags: []string{"mine"}})},
			have:  rows{instances: instances(catalog.Instance{ID: "a", Tags: []string{"theirs"}})},
			steps: "+a"},
		{name: "another wish of DNS",
			want:  rows{instances: instances(catalog.Instance{ID: "a", DNS: &catalog.InstanceDNS{Priority: 2}})},
			have:  rows{instances: instances(catalog.Instance{ID: "a", DNS: &catalog.InstanceDNS{Priority: 1}})},
			steps: "+a"},
		{name: "an old snapshot proves nothing",
			want:  rows{instances(catalog.Instance{ID: "a"}), checks(catalog.Check{ID: "k", ServiceID: "a", Status: p})},
			have:  rows{instances(catalog.Instance{ID: "a"}), checks(catalog.Check{ID: "k", ServiceID: "a", Status: p})},
			sent:  rows{checks: checks(catalog.Check{ID: "k", ServiceID: "a", Status: c})},
			steps: "+,k"},
		{name: "also not that something is gone",
			sent:  rows{instances(catalog.Instance{ID: "a"}), checks(catalog.Check{ID: "k", ServiceID: "a"})},
			steps: "-a -k"},
		{name: "all anew", all: true,
			want:  rows{instances(catalog.Instance{ID: "a"}), checks(catalog.Check{ID: "k", ServiceID: "a", Status: p})},
			have:  rows{instances(catalog.Instance{ID: "a"}), checks(catalog.Check{ID: "k", ServiceID: "a", Status: p})},
			steps: "+a,k"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := demand{node: self, want: tt.want, have: tt.have, doubt: tt.sent, all: tt.all, outputs: tt.outputs}
			got := d.plan()
			var words []string
			for _, s := range got.steps {
				words = append(words, describe(s))
			}
			if steps := strings.Join(words, " "); steps != tt.steps || got.held != tt.held {
				t.Errorf("%q (held %t), want %q (held %t)", steps, got.held, tt.steps, tt.held)
			}
		})
	}
}

func TestTagOverrideKeepsTagsWhenOtherFieldsChange(t *testing.T) {
	d := demand{node: self,
		want: rows{instances: instances(catalog.Instance{ID: "a", Port: 2, EnableTagOverride: true, Tags: []string{"mine"}})},
		have: rows{instances: instances(catalog.Instance{ID: "a", Port: 1, EnableTagOverride: true, Tags: []string{"theirs"}})}}
	got := d.plan().steps[0].command.(*catalog.Register).Instance
	if got.Port != 2 || got.Tags[0] != "theirs" {
		t.Errorf("sent %+v", got)
	}
}

// TestTagOverrideEndsWithANewWish: tags that others changed stay until the owner itself registers others.
func TestTagOverrideEndsWithANewWish(t *testing.T) {
	of := func(tags ...string) rows {
		return rows{instances: instances(catalog.Instance{ID: "a", EnableTagOverride: true, Tags: tags})}
	}
	var told map[string][]string
	for i, step := range []struct {
		want, have rows
		sent       []string // nil: nothing
	}{
		{of("replica"), rows{}, []string{"replica"}},
		{of("replica"), of("replica"), nil},
		{of("replica"), of("theirs"), nil},
		{of("master"), of("theirs"), []string{"master"}},
		{of("master"), of("theirs"), []string{"master"}}, // the copy does not show it yet
		{of("master"), of("master"), nil},
		{of("master"), of("theirs"), nil},
	} {
		d := demand{node: self, want: step.want, have: step.have, told: told}
		var sent []string
		for _, s := range d.plan().steps {
			sent = s.command.(*catalog.Register).Instance.Tags
		}
		if !slices.Equal(sent, step.sent) {
			t.Errorf("step %d: sent %v, want %v", i, sent, step.sent)
		}
		told = d.tell()
	}
}

func TestBatches(t *testing.T) {
	var steps []step
	for i := range 500 {
		k := catalog.Check{ID: fmt.Sprint(i), Output: strings.Repeat("x", i%5*1000)}
		steps = append(steps, step{key: k.ID, writes: rows{checks: checks(k)}, turned: time.Time{}})
	}
	next, runs := 0, 0
	for run := range batches(steps) {
		size := 0
		for i := range run {
			if run[i].key != steps[next].key {
				t.Fatalf("step %s in place of %s", run[i].key, steps[next].key)
			}
			next++
			size += weight(&run[i])
		}
		if runs++; size > maxBatchBytes {
			t.Errorf("run %d weighs %d", runs, size)
		}
	}
	if next != len(steps) || runs < 2 {
		t.Errorf("%d steps in %d runs", next, runs)
	}
}
