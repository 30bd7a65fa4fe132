package doctor

import (
	"context"
	"time"
)

// stale is the age of a catalog that is more than a hiccup.
const stale = 10 * time.Second

func lookAtCatalog(_ context.Context, c *chart) []Finding {
	f := catalogFacts{
		ready: c.stat("catalog", "ready") == "true", index: c.stat("catalog", "index"), age: c.stat("catalog", "age"),
		fromDisk: c.stat("view", "from_disk") == "true", server: c.stat("view", "server"),
	}
	return f.judge()
}

// catalogFacts are what the agent tells of what it answers from.
type catalogFacts struct {
	ready      bool
	index, age string
	fromDisk   bool   // a client's that was kept
	server     string // that feeds a client; empty: none, or this is a server
}

func (f catalogFacts) judge() []Finding {
	const remedy = "see whether servers run, have a leader, and are reached at 8300 (`muster members`, the agent's log)"
	age, err := time.ParseDuration(f.age)
	switch {
	case !f.ready:
		return fail(remedy, "there is none to answer from yet: DNS says SERVFAIL")
	case err != nil:
		return fail("", "the agent tells an age of %q", f.age)
	case f.fromDisk:
		return warn(remedy, "answers are from the copy on disk, of index %s: no server has fed this client since it started", f.index)
	case age > stale:
		return warn(remedy, "the one of index %s was last known to be current %s ago: answers are stale", f.index, age.Round(time.Second))
	case f.server != "":
		return ok("index %s, current %s ago, fed by %s", f.index, age, f.server)
	}
	return ok("index %s, current %s ago", f.index, age)
}
