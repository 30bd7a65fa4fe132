package probes

import (
	"strings"
	"testing"
	"time"

	"muster/catalog"
)

// TestFlappingTranscripts has one result a second. A capital is the status told, as in letters;
// H is critical because it is held.
func TestFlappingTranscripts(t *testing.T) {
	flappy := func(limit int, window time.Duration) catalog.CheckDefinition {
		return catalog.CheckDefinition{TCP: "127.0.0.1:1", Interval: time.Second, FlapLimit: limit, FlapWindow: window}
	}
	patient := flappy(2, 12*time.Second)
	patient.FailuresBeforeCritical, patient.SuccessBeforePassing = 2, 2
	for _, c := range []struct {
		name string
		def  catalog.CheckDefinition
		from string
		saw  string
		want string
	}{
		{"off", flappy(0, 0), "P", "CPCPCPCPCP", "CPCPCPCPCP"},
		{"as often as it may", flappy(4, 9*time.Second), "P", "CPCPPPPPPPP", "CPCPPPPPPPP"},
		{"once more, and until it is calm", flappy(3, 9*time.Second), "P", "CPCPPPP", "CPCHHPP"},
		{"a failure starts the wait again", flappy(3, 9*time.Second), "P", "CPCPPCPPPP", "CPCHHHHHPP"},
		{"the turn too many may be to critical", flappy(2, 9*time.Second), "P", "CPCPPPP", "CPHHHPP"},
		{"after that it starts from nothing", flappy(3, 9*time.Second), "P", "CPCPPPCPCPPP", "CPCHHPCPCHHP"},
		{"slowly enough", flappy(3, 6*time.Second), "P", "CCCPPPCCCPPPCCCPPP", "CCCPPPCCCPPPCCCPPP"},
		{"just too fast", flappy(3, 6*time.Second), "P", "CCPPCCPPPP", "CCPPCCHPPP"},
		{"passing and warning are both answers", flappy(2, 9*time.Second), "P", "WPWPWPWP", "WPWPWPWP"},
		{"a warning is no failure, and ends it", flappy(2, 9*time.Second), "P", "CWCWWWW", "CWHHHWW"},
		{"results that thresholds swallow are no turns", patient, "P", "CPCPCPCPCP", "PPPPPPPPPP"},
		{"turns that they let through are", patient, "P", "CCPPCCPPPPPP", "PCCPPHHHHPPP"},
	} {
		t.Run(c.name, func(t *testing.T) {
			th := thresholdsOf(&c.def)
			v := startFrom(letters[c.from[0]], th)
			start := time.Now()
			var got strings.Builder
			for i := range len(c.saw) {
				v = v.after(letters[c.saw[i]], start.Add(time.Duration(i)*time.Second), th)
				letter := strings.ToUpper(string(v.status[:1]))
				if v.flaps.held {
					if v.status != catalog.Critical {
						t.Errorf("result %d: held, and yet %s", i, v.status)
					}
					letter = "H"
				}
				got.WriteString(letter)
			}
			if got.String() != c.want {
				t.Errorf("from %s, saw %s: got %s, want %s", c.from, c.saw, got.String(), c.want)
			}
		})
	}
}

func TestFlappingIsSaid(t *testing.T) {
	def := catalog.CheckDefinition{TCP: "127.0.0.1:1", Interval: time.Second, FlapLimit: 1, FlapWindow: 30 * time.Second, SuccessBeforePassing: 2}
	th := thresholdsOf(&def)
	v := startFrom(catalog.Passing, th)
	start := time.Now()
	const held = "flapping: 2 changes in 30s, held critical until 10s without a failure\n"
	for i, c := range []struct {
		saw  catalog.Status
		want string
	}{
		{catalog.Critical, "saw"},
		{catalog.Passing, "saw\n(critical: success 1 of 2 in a row)"},
		{catalog.Passing, held + "saw"},
		{catalog.Critical, held + "saw"},
		{catalog.Passing, held + "saw\n(critical: success 1 of 2 in a row)"},
	} {
		v = v.after(c.saw, start.Add(time.Duration(i)*time.Second), th)
		if got := v.words(Result{c.saw, "saw"}, th, 1000); got != c.want {
			t.Errorf("result %d: %q, want %q", i, got, c.want)
		}
	}
	if got, want := v.words(Result{catalog.Passing, strings.Repeat("x", 200)}, th, 120), 120; len(got) != want || !strings.HasSuffix(got, "in a row)") {
		t.Errorf("cut to %d bytes: %q", len(got), got)
	}
}
