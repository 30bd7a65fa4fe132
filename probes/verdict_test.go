package probes

import (
	"strings"
	"testing"
	"time"

	"muster/catalog"
)

var letters = map[byte]catalog.Status{'P': catalog.Passing, 'W': catalog.Warning, 'C': catalog.Critical}

func TestVerdictTranscripts(t *testing.T) {
	type def = catalog.CheckDefinition
	for _, c := range []struct {
		name string
		def  def
		from string
		saw  string // results, one letter each
		want string // the status after each
	}{
		{"no thresholds: the last result is the status", def{}, "C", "PWCPCW", "PWCPCW"},
		{"one is the same as none", def{SuccessBeforePassing: 1, FailuresBeforeCritical: 1}, "C", "PWCPCW", "PWCPCW"},
		{"two failures are forgiven", def{FailuresBeforeCritical: 3}, "P", "CCPCCC", "PPPPPC"},
		{"a failure in between starts the count of successes again", def{SuccessBeforePassing: 3}, "C", "PPCPPP", "CCCCCP"},
		{"once passing, successes need no count", def{SuccessBeforePassing: 3}, "C", "PPPPP", "CCPPP"},
		{"one failure is enough to fall, three successes to rise", def{SuccessBeforePassing: 3}, "P", "CPPP", "CCCP"},
		{"warning comes before critical", def{FailuresBeforeWarning: 1, FailuresBeforeCritical: 3}, "P", "CCCC", "WWCC"},
		{"warning in the middle", def{FailuresBeforeWarning: 2, FailuresBeforeCritical: 4}, "P", "CCCC", "PWWC"},
		{"failures_before_warning defaults to failures_before_critical", def{FailuresBeforeCritical: 2}, "P", "CCC", "PCC"},
		{"a success ends a warning", def{FailuresBeforeWarning: 1, FailuresBeforeCritical: 3}, "P", "CPCP", "WPWP"},
		{"a warning by failures lasts until enough successes", def{SuccessBeforePassing: 2, FailuresBeforeWarning: 1, FailuresBeforeCritical: 3}, "P", "CPP", "WWP"},
		{"a warning counts as a success", def{SuccessBeforePassing: 2}, "C", "WW", "CW"},
		{"a warning ends a row of failures", def{FailuresBeforeCritical: 2}, "P", "CWC", "PWW"},
		{"a passing check need not earn its warning", def{SuccessBeforePassing: 3}, "P", "W", "W"},
		{"a failure never makes critical better", def{SuccessBeforePassing: 2, FailuresBeforeWarning: 1, FailuresBeforeCritical: 3}, "C", "PCCC", "CCCC"},
		{"a new check stays critical while it fails", def{FailuresBeforeWarning: 1, FailuresBeforeCritical: 3}, "C", "CCC", "CCC"},
	} {
		t.Run(c.name, func(t *testing.T) {
			th := thresholdsOf(&c.def)
			v := startFrom(letters[c.from[0]], th)
			var got strings.Builder
			for i := range len(c.saw) {
				v = v.after(letters[c.saw[i]], time.Now(), th)
				got.WriteString(strings.ToUpper(string(v.status[:1])))
			}
			if got.String() != c.want {
				t.Errorf("from %s, saw %s: got %s, want %s", c.from, c.saw, got.String(), c.want)
			}
		})
	}
}

func TestVerdictSaysWhatItHolds(t *testing.T) {
	th := thresholds{successes: 2, warnings: 3, criticals: 3}
	for _, c := range []struct {
		saw, from catalog.Status
		want      string
	}{
		{catalog.Critical, catalog.Passing, "\n(passing: failure 1 of 3 in a row)"},
		{catalog.Passing, catalog.Critical, "\n(critical: success 1 of 2 in a row)"},
		{catalog.Passing, catalog.Passing, ""},
		{catalog.Critical, catalog.Critical, ""},
	} {
		if got := startFrom(c.from, th).after(c.saw, time.Now(), th).held(c.saw, th); got != c.want {
			t.Errorf("%s after %s: got %q, want %q", c.saw, c.from, got, c.want)
		}
	}
}
