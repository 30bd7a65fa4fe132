// Package doctor looks at an agent, and at the machine it runs on, for what is wrong or soon
// will be, and says what to do about it. It changes nothing but for a file that it writes to the
// data directory, to see how fast the disk is, and deletes.
package doctor

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"muster/catalog/httpapi"
)

// Level says how bad a finding is.
type Level string

// The levels of findings.
const (
	OK   Level = "ok"
	Warn Level = "warn" // it works, but not as it should, or not for long
	Fail Level = "FAIL"
	Skip Level = "skip" // it cannot be looked at from here
)

// Finding is what one check came to.
type Finding struct {
	Check  string // its name
	Level  Level
	Text   string // what was seen
	Remedy string `json:",omitempty"` // what to do
}

// String is the finding as a line for people, without its level.
func (f Finding) String() string {
	text := f.Check + ": " + f.Text
	if f.Remedy != "" {
		text += ". " + strings.ToUpper(f.Remedy[:1]) + f.Remedy[1:]
	}
	return text
}

// Patient is an agent to look at.
type Patient struct {
	Agent   *httpapi.Client
	Version string        // of the program that looks
	Paths   []string      // the agent's config files and directories; empty: they are not known
	Limit   time.Duration // of each check; 0: five seconds
}

// limit is how long a check may take unless the patient says otherwise.
const limit = 5 * time.Second

// check is one thing to look at.
type check struct {
	name  string
	needs []need
	look  func(context.Context, *chart) []Finding
}

// need tells why a check cannot look, "" when it can.
type need func(*chart) string

// table is every check, in the order in which findings are told.
var table = []check{
	{name: "agent", look: lookAtAgent},
	{name: "config", needs: []need{files}, look: lookAtConfig},
	{name: "catalog", needs: []need{answer}, look: lookAtCatalog},
	{name: "quorum", needs: []need{answer}, look: lookAtQuorum},
	{name: "members", needs: []need{answer}, look: lookAtMembers},
	{name: "versions", needs: []need{answer}, look: lookAtVersions},
	{name: "ports", needs: []need{settled, machine}, look: lookAtPorts},
	{name: "gossip", needs: []need{answer, machine}, look: lookAtGossip},
	{name: "keyring", needs: []need{answer}, look: lookAtKeyring},
	{name: "certificates", needs: []need{settled}, look: lookAtCertificates},
	{name: "clock", look: lookAtClock},
	{name: "resolver", needs: []need{answer, machine}, look: lookAtResolver},
	{name: "disk", needs: []need{settled, machine}, look: lookAtDisk},
	{name: "descriptors", needs: []need{answer}, look: lookAtDescriptors},
	{name: "snapshots", needs: []need{settled}, look: lookAtSnapshots},
}

func answer(c *chart) string {
	if c.self == nil {
		return "the agent does not answer"
	}
	return ""
}

func machine(c *chart) string {
	if !c.here {
		return "the agent runs on another machine"
	}
	return ""
}

func settled(c *chart) string {
	if !c.known {
		return "neither an agent nor its configuration tells its settings"
	}
	return ""
}

func files(c *chart) string {
	if len(c.Paths) == 0 {
		return "no -config-dir was named"
	}
	return ""
}

// Examine makes every check at once, none longer than the patient's limit, and returns what they
// found in the order of the table.
func Examine(ctx context.Context, p Patient) []Finding {
	p.Limit = cmp.Or(p.Limit, limit)
	c := newChart(ctx, p)
	return examine(ctx, &c, table)
}

func examine(ctx context.Context, c *chart, checks []check) []Finding {
	ctx, cancel := context.WithTimeout(ctx, c.Limit)
	defer cancel()
	results := make([]chan []Finding, len(checks))
	for i, k := range checks {
		results[i] = make(chan []Finding, 1) // nobody waits for one that is late: a dead disk holds it for ever
		go func() { results[i] <- k.run(ctx, c) }()
	}
	var out []Finding
	for i, k := range checks {
		for _, f := range await(ctx, results[i]) {
			f.Check = k.name
			out = append(out, f)
		}
	}
	return out
}

// grace is what a check has to tell of what it saw once its time is over.
const grace = 500 * time.Millisecond

func await(ctx context.Context, result <-chan []Finding) []Finding {
	select {
	case found := <-result:
		return found
	case <-ctx.Done():
	}
	select {
	case found := <-result:
		return found
	case <-time.After(grace):
		return warn("run it again, and if it stays so look at what it waits for: a disk, or the network", "nothing was found out in time")
	}
}

func (k check) run(ctx context.Context, c *chart) []Finding {
	for _, missing := range k.needs {
		if why := missing(c); why != "" {
			return skip("%s", why)
		}
	}
	return k.look(ctx, c)
}

func ok(format string, args ...any) []Finding {
	return []Finding{{Level: OK, Text: fmt.Sprintf(format, args...)}}
}

func warn(remedy, format string, args ...any) []Finding {
	return []Finding{{Level: Warn, Text: fmt.Sprintf(format, args...), Remedy: remedy}}
}

func fail(remedy, format string, args ...any) []Finding {
	return []Finding{{Level: Fail, Text: fmt.Sprintf(format, args...), Remedy: remedy}}
}

func skip(format string, args ...any) []Finding {
	return []Finding{{Level: Skip, Text: fmt.Sprintf(format, args...)}}
}

// some lists the first few of many for people.
func some(items []string) string {
	const most = 5
	if len(items) <= most {
		return strings.Join(items, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(items[:most], ", "), len(items)-most)
}
