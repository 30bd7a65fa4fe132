package doctor

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"muster/catalog/httpapi"
	"muster/cmd/terminal"
)

func lookAtMembers(ctx context.Context, c *chart) []Finding {
	members, err := c.Agent.Members(ctx, false, "")
	if err != nil {
		return fail("see the agent's log", "%v", err)
	}
	return judgeMembers(members)
}

// judgeMembers looks for members that failed.
func judgeMembers(members []httpapi.AgentMember) []Finding {
	var failed []string
	alive, servers := 0, 0
	for _, m := range members {
		switch httpapi.MemberStatus(m.Status) {
		case httpapi.MemberFailed:
			failed = append(failed, m.Name)
		case httpapi.MemberAlive:
			alive++
			if isServer(m) {
				servers++
			}
		}
	}
	if len(failed) > 0 {
		slices.Sort(failed)
		return warn("look at them; `muster force-leave NODE` takes out one that is gone for good",
			"%s of %d failed: %s", many(len(failed)), len(members), some(failed))
	}
	return ok("%d alive, %s among them", alive, terminal.Count(servers, "server"))
}

// isServer reports whether a member is a server, by the role that Consul gives one.
func isServer(m httpapi.AgentMember) bool { return m.Tags["role"] == "consul" }

func lookAtVersions(ctx context.Context, c *chart) []Finding {
	members, err := c.Agent.Members(ctx, false, "")
	if err != nil {
		return fail("see the agent's log", "%v", err)
	}
	return judgeVersions(members, cmp.Or(c.self.Member.Tags["build"], c.self.Config.Version), c.Version) // the latter may be what Consul's clients are told
}

// judgeVersions compares the builds of the members that are there, of the agent that was asked, and of the program that asks.
func judgeVersions(members []httpapi.AgentMember, agent, own string) []Finding {
	by := map[string][]string{}
	for _, m := range members {
		if httpapi.MemberStatus(m.Status) == httpapi.MemberAlive {
			by[m.Tags["build"]] = append(by[m.Tags["build"]], m.Name)
		}
	}
	var out []Finding
	if len(by) > 1 {
		var groups []string
		for build, names := range by {
			slices.Sort(names)
			groups = append(groups, fmt.Sprintf("%s on %s", cmp.Or(build, "unknown"), some(names)))
		}
		slices.Sort(groups)
		out = warn("end the upgrade that is under way", "members differ: %s", some(groups))
	}
	if own != agent {
		out = append(out, warn("restart the agent, if a new program was put in place of its own", "the agent is %s, this program is %s", agent, own)...)
	}
	if len(out) == 0 {
		return ok("all members are %s", agent)
	}
	return out
}
