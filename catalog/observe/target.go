package observe

import (
	"fmt"
	"time"

	"muster/catalog"
)

// target is a check that this agent is to observe. Values are never modified.
type target struct {
	id    string // by which the prober knows it
	check *catalog.Check
	first bool // this agent is the first of its observers
}

// targetOf names a target by its definition too, so that a verdict is never taken for one on another.
func targetOf(c *catalog.Check) target {
	return target{id: fmt.Sprintf("%s/%s#%d", catalog.Fold(c.Node), c.ID, c.DefinedIndex), check: c}
}

// definition is how the prober is told of it.
func (t *target) definition() catalog.CheckDefinition {
	d := *t.check.Definition
	d.ID, d.Name = t.id, t.check.Name
	return d
}

// probeable reports whether a definition is one that may be probed for others. What is registered is valid;
// this agent does not have to trust those who registered it.
func probeable(d *catalog.CheckDefinition) bool {
	named := *d
	named.ID = "x"
	return len(named.Validate(false)) == 0 && len(d.ValidateObserved()) == 0 && d.Kind() != catalog.KindNone
}

// pingEvery is how often a node is pinged that says of itself that it is to be.
const pingEvery = 10 * time.Second

// pinged returns the check of a node that says of itself that it has no agent and is to be
// probed. It passes until it is seen to fail: agents may lack the system's leave to ping.
func pinged(n *catalog.Node) *catalog.Check {
	d := &catalog.CheckDefinition{ICMP: n.Address, Interval: pingEvery, FailuresBeforeCritical: 3}
	return &catalog.Check{
		Node: n.Name, ID: catalog.ExternalNodeHealth, Name: "External Node Status", Status: catalog.Passing,
		Type: string(catalog.KindICMP), Interval: pingEvery.String(), Definition: d.Probe(),
	}
}

// nodeChecks returns the commands that are missing for the checks of nodes which are, or no longer
// are, to be pinged. mine reports whether this agent is the one to give them for a check.
func nodeChecks(snap *catalog.Snapshot, mine func(*catalog.Check) bool) []catalog.Command {
	var out []catalog.Command
	nodes, _ := snap.Nodes()
	for _, n := range nodes {
		want := n.ExternallyProbed() && !snap.HasAgent(n.Name)
		have := snap.Check(n.Name, catalog.ExternalNodeHealth)
		switch ping := pinged(n); {
		case want && (have == nil || !have.SameProbe(ping)):
			if probeable(ping.Definition) && mine(ping) {
				out = append(out, &catalog.Register{Node: catalog.Node{Name: n.Name}, SkipNodeUpdate: true, Checks: []*catalog.Check{ping}})
			}
		case !want && have != nil && have.Definition != nil && have.Definition.ICMP != "" && mine(have):
			out = append(out, &catalog.Deregister{Node: n.Name, CheckID: catalog.ExternalNodeHealth})
		}
	}
	return out
}
