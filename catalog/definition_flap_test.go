package catalog

import (
	"testing"
	"time"
)

func TestFlapping(t *testing.T) {
	const s = time.Second
	for name, c := range map[string]struct {
		def          CheckDefinition
		limit        int
		window, calm time.Duration
		wrong        string // field; empty: valid
	}{
		"off unless asked for":             {def: CheckDefinition{TCP: "h:1", Interval: s}},
		"the least window":                 {def: CheckDefinition{TCP: "h:1", Interval: s, FlapLimit: 6}, limit: 6, window: 30 * s, calm: 10 * s},
		"a slow check":                     {def: CheckDefinition{TCP: "h:1", Interval: 10 * s, FlapLimit: 6}, limit: 6, window: 120 * s, calm: 40 * s},
		"a check that turns slowly":        {def: CheckDefinition{TCP: "h:1", Interval: 10 * s, FlapLimit: 6, FailuresBeforeCritical: 3, SuccessBeforePassing: 2}, limit: 6, window: 300 * s, calm: 100 * s},
		"a window of its own":              {def: CheckDefinition{TCP: "h:1", Interval: s, FlapLimit: 6, FlapWindow: 9 * s}, limit: 6, window: 9 * s, calm: 3 * s},
		"calm is more than a probe":        {def: CheckDefinition{TCP: "h:1", Interval: 10 * s, FlapLimit: 1, FlapWindow: 12 * s}, limit: 1, window: 12 * s, calm: 20 * s},
		"the tightest window":              {def: CheckDefinition{TCP: "h:1", Interval: s, FlapLimit: 6, FlapWindow: 6 * s}, limit: 6, window: 6 * s, calm: 2 * s},
		"a window that never fits so many": {def: CheckDefinition{TCP: "h:1", Interval: s, FlapLimit: 7, FlapWindow: 6 * s}, wrong: "flap_window"},
		"a window of nothing":              {def: CheckDefinition{TCP: "h:1", Interval: s, FlapWindow: 6 * s}, wrong: "flap_window"},
		"negative limit":                   {def: CheckDefinition{TCP: "h:1", Interval: s, FlapLimit: -1}, wrong: "flap_limit"},
		"negative window":                  {def: CheckDefinition{TCP: "h:1", Interval: s, FlapLimit: 1, FlapWindow: -s}, wrong: "flap_window"},
		"too much to remember":             {def: CheckDefinition{TCP: "h:1", Interval: s, FlapLimit: 1001}, wrong: "flap_limit"},
		"a check that is told":             {def: CheckDefinition{TTL: s, FlapLimit: 6}, wrong: "flap_limit"},
		"a check that follows":             {def: CheckDefinition{AliasService: "a", FlapLimit: 6}, wrong: "flap_limit"},
	} {
		t.Run(name, func(t *testing.T) {
			problems := c.def.Validate(true)
			switch {
			case c.wrong == "" && len(problems) > 0:
				t.Error(problems.Err())
			case c.wrong != "" && (len(problems) != 1 || problems[0].Field != c.wrong):
				t.Errorf("problems %v, want one of %s", problems, c.wrong)
			}
			if limit, window, calm := c.def.Flapping(); c.wrong == "" && (limit != c.limit || window != c.window || calm != c.calm) {
				t.Errorf("%d within %v, calm after %v; want %d within %v, %v", limit, window, calm, c.limit, c.window, c.calm)
			}
		})
	}
}
