package local

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"muster/catalog"
)

// told renders transitions as "minutes from-to reason".
func told(s *Store, id string, start time.Time) []string {
	st, _ := s.Standing(id)
	var out []string
	for _, tr := range st.Transitions {
		out = append(out, fmt.Sprintf("%d %.1s-%.1s %s", int(tr.At.Sub(start).Minutes()), tr.From, tr.To, tr.Reason))
	}
	return out
}

func TestTransitionsAreKept(t *testing.T) {
	s := open(t, "")
	start := time.Now()
	at := func(minute int) time.Time { return start.Add(time.Duration(minute) * time.Minute) }
	checks := []catalog.CheckDefinition{{ID: "c", TTL: time.Hour}, {ID: "other", TTL: time.Hour}}
	load(t, s, nil, checks...)
	if got := told(s, "c", start); got != nil {
		t.Errorf("to be registered is no transition: %q", got)
	}
	must(t,
		s.Report("c", catalog.Passing, "\n 200 OK \nbody", at(1)),
		s.Report("c", catalog.Passing, "201 Created", at(2)), // no change
		s.Report("c", catalog.Warning, "", at(3)),
		s.Report("c", catalog.Critical, "refused", at(4)),
	)
	want := []string{"1 c-p 200 OK", "3 p-w ", "4 w-c refused"}
	if got := told(s, "c", start); !slices.Equal(got, want) {
		t.Errorf("transitions %q, want %q", got, want)
	}

	checks[1].TTL = time.Minute
	load(t, s, nil, checks...)
	if got := told(s, "c", start); !slices.Equal(got, want) {
		t.Errorf("after a reload that changes another check: %q, want %q", got, want)
	}
	checks[0].TTL = time.Minute
	load(t, s, nil, checks...)
	if got := told(s, "c", start); got != nil {
		t.Errorf("a check that is defined anew remembers %q", got)
	}
}

func TestTransitionsAreBounded(t *testing.T) {
	s := open(t, "")
	must(t, s.RegisterCheck(ttl("c")))
	start := time.Now()
	const reasonBytes = 200 // of what is told in one line
	var before []catalog.Transition
	for i := range 2*catalog.KeptTransitions + 1 {
		if i == catalog.KeptTransitions {
			st, _ := s.Standing("c")
			before = st.Transitions
		}
		status := []catalog.Status{catalog.Passing, catalog.Critical}[i%2]
		must(t, s.Report("c", status, strings.Repeat("ü", reasonBytes), start.Add(time.Duration(i)*time.Minute)))
	}
	st, _ := s.Standing("c")
	if n := len(st.Transitions); n != catalog.KeptTransitions {
		t.Errorf("%d transitions", n)
	}
	if first := st.Transitions[0].At.Sub(start); first != (catalog.KeptTransitions+1)*time.Minute {
		t.Errorf("the oldest one kept is of %v", first)
	}
	if r := st.Transitions[0].Reason; len(r) != reasonBytes || !strings.HasPrefix(r, "ü") {
		t.Errorf("reason of %d bytes: %q", len(r), r)
	}
	if len(before) != catalog.KeptTransitions || !before[0].At.Equal(start) {
		t.Error("what was handed out has changed since")
	}
}

func TestUnproven(t *testing.T) {
	s := open(t, "", func(c *Config) { c.ScriptsFromConfig = true })
	starting := func(id string, d catalog.CheckDefinition) catalog.CheckDefinition {
		d.ID, d.Status = id, catalog.Passing
		return d
	}
	tcp := catalog.CheckDefinition{TCP: "127.0.0.1:1", Interval: time.Hour}
	plain := tcp
	plain.ID = "critical until probed"
	load(t, s, nil, starting("tcp", tcp), starting("script", script("")), starting("ttl", ttl("")), plain)
	must(t, s.SetMaintenance("", true, "", 0))
	expect := func(want ...string) {
		t.Helper()
		if got := s.Unproven(); !slices.Equal(got, want) {
			t.Errorf("unproven %q, want %q", got, want)
		}
	}
	expect("script", "tcp")
	changed := s.Changed()
	must(t, s.Report("tcp", catalog.Passing, "", time.Now())) // says what was assumed
	expect("script")
	select {
	case <-changed:
	default:
		t.Error("nobody was told that a check is proven")
	}
	must(t, s.Report("script", catalog.Critical, "", time.Now()))
	expect()
}
