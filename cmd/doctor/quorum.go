package doctor

import (
	"context"
	"fmt"
	"strings"
	"time"

	"muster/catalog/httpapi"
	"muster/cmd/terminal"
)

// quorumFacts are what is known of the servers.
type quorumFacts struct {
	leader    string // host:port; empty: none
	expect    int    // servers that are to make a cluster, as this one was told; 0: it was not
	dev       bool
	stalled   bool   // this server's disk does not answer
	failure   string // why this server's replica has stopped; empty: it has not
	health    *httpapi.AutopilotHealth
	healthErr error
}

func lookAtQuorum(ctx context.Context, c *chart) []Finding {
	f := quorumFacts{
		expect: c.set.BootstrapExpect, dev: c.set.DevMode,
		stalled: c.stat("raft", "disk_stalled") == "true", failure: c.stat("raft", "failure"),
	}
	var err error
	if f.leader, err = c.Agent.Leader(ctx); err != nil {
		return fail("see the agent's log", "%v", err)
	}
	if f.leader != "" {
		f.health, f.healthErr = c.Agent.AutopilotHealth(ctx, httpapi.ClientQuery{})
	}
	return f.judge()
}

func (f quorumFacts) judge() []Finding {
	switch {
	case f.failure != "":
		return fail("look at the disk, then start the agent again", "this server has stopped: %s", f.failure)
	case f.stalled:
		return fail("look at the disk", "the disk of this server does not answer, so it has withdrawn")
	case f.leader == "" && f.expect > 1:
		return fail("a majority of servers has to run and to reach one another at 8300; a new cluster waits until all of them have met",
			"there is no leader (bootstrap_expect is %d)", f.expect)
	case f.leader == "":
		return fail("a majority of servers has to run and to reach one another at 8300", "there is no leader: nothing can be written")
	case f.healthErr != nil:
		return fail("a majority of servers has to run and to reach one another at 8300", "the leader, %s, does not tell how the servers do: %v", f.leader, f.healthErr)
	}
	return f.judgeServers()
}

func (f quorumFacts) judgeServers() []Finding {
	voters, least, most := 0, ^uint64(0), uint64(0)
	var ill, joining []string
	for _, s := range f.health.Servers {
		switch {
		case !s.Healthy:
			ill = append(ill, fmt.Sprintf("%s (%s%s)", s.Name, s.SerfStatus, lastHeard(s.LastContact)))
		case !s.Voter:
			joining = append(joining, s.Name)
		}
		if s.Voter {
			voters++
			least, most = min(least, s.LastIndex), max(most, s.LastIndex)
		}
	}
	tolerance := f.health.FailureTolerance
	state := fmt.Sprintf("%s with a vote, %s may fail, led from %s", terminal.Count(voters, "server"), many(tolerance), f.leader)
	switch {
	case len(ill) > 0:
		return fail("look at them, and at the network between them; replace what is gone for good", "%s; not healthy: %s", state, some(ill))
	case len(joining) > 0:
		return warn("that takes ten seconds", "%s; without a vote yet: %s", state, strings.Join(joining, ", "))
	case f.dev:
		return ok("%s", state)
	case voters == 1:
		return warn("run three, or five", "%s", state)
	case voters%2 == 0:
		return warn("add a server, or leave with one: an even number bears no more failures than one fewer", "%s", state)
	}
	return ok("%s; the farthest is %d entries behind", state, most-least)
}

func many(n int) string {
	if n == 0 {
		return "none"
	}
	return fmt.Sprint(n)
}

// lastHeard says when the leader heard a server, of those that it did.
func lastHeard(ago string) string {
	d, err := time.ParseDuration(ago)
	if err != nil || d < 0 {
		return ""
	}
	return fmt.Sprintf(", last heard %s ago", d.Round(time.Millisecond))
}
