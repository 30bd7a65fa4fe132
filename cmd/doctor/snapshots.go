package doctor

import (
	"context"
	"strconv"
	"time"

	"muster/catalog/archive"
)

// snapshotFacts are what is known of the copies of the state.
type snapshotFacts struct {
	server   bool
	dev      bool
	leads    bool          // this server does, and so it is the one that makes them
	away     bool          // it is another machine's
	interval time.Duration // of snapshot_agent; 0: it makes none
	dir      string        // where it keeps them
	err      error         // the directory could not be looked into
	newest   time.Time     // zero: there is none
	current  bool          // the state has not moved since
}

func lookAtSnapshots(_ context.Context, c *chart) []Finding {
	f := snapshotFacts{
		server: c.set.ServerMode, dev: c.set.DevMode, leads: c.stat("consul", "leader") == "true",
		away: !c.here, dir: c.set.SnapshotAgent.Directory,
	}
	f.interval, f.err = time.ParseDuration(c.set.SnapshotAgent.Interval)
	if f.interval > 0 && f.leads && c.here {
		var index uint64
		if index, f.newest, f.err = archive.Newest(f.dir); f.err == nil {
			f.current = strconv.FormatUint(index, 10) == c.stat("catalog", "index")
		}
	}
	return f.judge(time.Now())
}

func (f snapshotFacts) judge(now time.Time) []Finding {
	switch {
	case !f.server:
		return skip("servers make them")
	case f.dev:
		return skip("everything is kept in memory")
	case f.err != nil:
		return warn("run doctor as root, or as the user that the agent runs as", "not known: %v", f.err)
	case f.interval == 0:
		return warn("set snapshot_agent, or run `muster snapshot save` from time to time", "the servers make none by themselves")
	case !f.leads:
		return skip("the leader makes them; this agent is not, or not known to be, the leader")
	case f.away:
		return skip("they are on another machine, in %s", f.dir)
	case f.newest.IsZero():
		return warn("wait for the first, "+f.interval.String()+" after the start", "there is none in %s yet", f.dir)
	}
	age := now.Sub(f.newest).Round(time.Second)
	switch {
	case f.current:
		return ok("the newest is %s old, and nothing has changed since", age)
	case age > 2*f.interval: // another may have led meanwhile, or nothing have changed until now: no proof of a failure
		return warn("if another server led before, it may hold newer ones; else see the log of the agent for `periodic snapshot failed`",
			"the newest here is %s old, though the leader is to make one every %s", age, f.interval)
	}
	return ok("the newest is %s old", age)
}
