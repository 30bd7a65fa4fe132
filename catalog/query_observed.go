package catalog

import (
	"strconv"
	"strings"
)

// MetaObserves is the key of a node's meta by which its agent says how many checks of
// other nodes it is willing to observe, as a decimal number.
const MetaObserves = "muster-observes"

// Keys of a node's meta by which users of consul-esm say that a node has no agent and is to be
// looked at all the same, each with the value "true".
const (
	MetaExternalNode  = "external-node"
	MetaExternalProbe = "external-probe"
)

// ExternalNodeHealth is the check that tells whether a node with [MetaExternalProbe] can be reached.
const ExternalNodeHealth = "externalNodeHealth"

// Observes is how many checks of other nodes a node's agent is willing to observe. A nil node: none.
func (n *Node) Observes() int {
	if n == nil {
		return 0
	}
	most, err := strconv.Atoi(n.Meta[MetaObserves])
	if err != nil {
		return 0 // not by an agent's hand
	}
	return max(most, 0)
}

// ExternallyProbed reports whether the node says of itself that it has no agent and is to be probed. A nil node: no.
func (n *Node) ExternallyProbed() bool {
	return n != nil && n.Meta[MetaExternalNode] == "true" && n.Meta[MetaExternalProbe] == "true"
}

func observationAt(node, check, observer string) span[Observation] {
	of := observationsOf(node, check)
	return func(o *Observation) int {
		if c := of(o); c != 0 {
			return c
		}
		return compareFold(o.Observer, observer)
	}
}

func observationsOf(node, check string) span[Observation] {
	return func(o *Observation) int {
		if c := compareFold(o.Node, node); c != 0 {
			return c
		}
		return strings.Compare(o.CheckID, check)
	}
}

func observationsBy(observer string) span[Observation] {
	return func(o *Observation) int { return compareFold(o.Observer, observer) }
}

func (t *tables) observation(node, check, observer string) *Observation {
	return t.observations.first(byID, observationAt(node, check, observer))
}

func (t *tables) isObserved(c *Check) bool {
	return t.observations.first(byID, observationsOf(c.Node, c.ID)) != nil
}

// Observed returns the checks that agents other than their owners are to observe, in the order
// of node and id, and a channel that is closed when they, their definitions, or the agents that
// can observe them may have changed.
func (s *Snapshot) Observed() ([]*Check, <-chan struct{}) {
	return collect(s.checks.rows(checksObserved, nil)), s.watch(watchObserving())
}

// Observers returns the nodes whose agents are alive and willing to observe, in the order of their names.
func (s *Snapshot) Observers() []*Node {
	var out []*Node
	for n := range s.nodes.rows(nodesObserving, nil) {
		if s.alive(n.Name) {
			out = append(out, n)
		}
	}
	return out
}

// HasAgent reports whether a node has an agent, alive or failed.
func (s *Snapshot) HasAgent(node string) bool { return s.check(node, SerfHealth) != nil }

// Observation returns what an observer sees of a check, or nil.
func (s *Snapshot) Observation(node, check, observer string) *Observation {
	return s.observation(node, check, observer)
}

// Observations returns what the observers of a check see, in the order of their names.
func (s *Snapshot) Observations(node, check string) []*Observation {
	return collect(s.observations.rows(byID, observationsOf(node, check)))
}

// ObservationsBy returns what an observer sees, in the order of node and check.
func (s *Snapshot) ObservationsBy(observer string) []*Observation {
	return collect(s.observations.rows(byObserver, observationsBy(observer)))
}

// Unsettled reports whether an observed check would have another status if its
// observers spoke now: one of those that there should be went without having spoken.
func (s *Snapshot) Unsettled(c *Check) bool {
	status, _ := s.decided(c)
	return status != c.Status
}

// AsSeenBy returns a check with the status and output that an observer has
// recorded, without a status if there are none. A check that nobody else observes is returned as it is.
func (s *Snapshot) AsSeenBy(observer string, c *Check) *Check {
	if c.Definition == nil {
		return c
	}
	k := *c
	k.Status, k.Output = "", ""
	if o := s.observation(c.Node, c.ID, observer); o != nil {
		k.Status, k.Output = o.Status, o.Output
	}
	return &k
}
