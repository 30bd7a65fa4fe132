package doctor

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// told writes findings as tests compare them: a level and a text each.
func told(found []Finding) string {
	var lines []string
	for _, f := range found {
		lines = append(lines, string(f.Level)+" "+f.Text)
	}
	return strings.Join(lines, "\n")
}

// verdict is what facts are judged to be.
type verdict struct {
	name  string
	found []Finding
	want  string // of told
}

func (v verdict) try(t *testing.T) {
	t.Helper()
	if got := told(v.found); got != v.want {
		t.Errorf("%s:\n%s\nwant:\n%s", v.name, got, v.want)
	}
	for _, f := range v.found {
		if f.Level == Fail && f.Remedy == "" {
			t.Errorf("%s: %q does not say what to do", v.name, f.Text)
		}
	}
}

// Checks run at once, are told in the order of the table, and one that hangs holds nobody up.
func TestExamine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		slow := func(wait time.Duration) func(context.Context, *chart) []Finding {
			return func(ctx context.Context, _ *chart) []Finding {
				select {
				case <-time.After(wait):
					return ok("after %v", wait)
				case <-ctx.Done():
					return warn("", "gave up")
				}
			}
		}
		checks := []check{
			{name: "hangs", look: func(context.Context, *chart) []Finding { <-release; return nil }},
			{name: "long", look: slow(time.Hour)},
			{name: "short", look: slow(time.Second)},
			{name: "two", look: func(context.Context, *chart) []Finding { return append(ok("a"), ok("b")...) }},
			{name: "away", needs: []need{answer, machine}, look: slow(0)},
			{name: "there", needs: []need{machine}, look: slow(0)},
		}
		began := time.Now()
		found := examine(t.Context(), &chart{Patient: Patient{Limit: limit}, here: true}, checks)
		if took := time.Since(began); took > limit+2*grace {
			t.Errorf("it took %v", took)
		}
		var names []string
		for _, f := range found {
			names = append(names, f.Check)
		}
		if got, want := strings.Join(names, " "), "hangs long short two two away there"; got != want {
			t.Errorf("order %s, want %s", got, want)
		}
		verdict{"all", found, "warn nothing was found out in time\nwarn gave up\nok after 1s\nok a\nok b\nskip the agent does not answer\nok after 0s"}.try(t)
	})
}

func TestFindingString(t *testing.T) {
	for want, f := range map[string]Finding{
		"disk: is full. Make room": {Check: "disk", Text: "is full", Remedy: "make room"},
		"disk: has room":           {Check: "disk", Text: "has room"},
	} {
		if got := f.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := some([]string{"a", "b", "c", "d", "e", "f", "g"}); got != "a, b, c, d, e and 2 more" {
		t.Error(got)
	}
}
