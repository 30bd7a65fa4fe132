package catalog

import "slices"

// Observation is what one agent sees of a check that several observe, or that belongs to
// a node without an agent. Those of a check decide its status; see [Observe].
type Observation struct {
	Node        string // of the check
	CheckID     string
	Observer    string // name of the node whose agent looks
	Status      Status `json:",omitempty"` // empty: it abstains, for it may not or cannot look; Output says why
	Output      string `json:",omitempty"` // at most MaxCheckOutput bytes
	ModifyIndex uint64 // raft index of the last change
}

// Observe records what an observer sees of a check, in place of what it saw before. It
// is a compare-and-set: when the check's DefinedIndex is not Defined the verdict is on
// another definition, nothing changes, and the Result is not OK. It fails with NotFound when there is no
// such check, and with Conflict when the observer is not an agent that is alive and willing.
//
// The status of the check follows, by these rules:
//
//   - Observers that abstain do not count. Nor does one whose node failed, was removed or is
//     no longer willing: its observation goes with it.
//   - As long as no more than half of the observers that there should be have spoken,
//     the status stays as it is. There should be as many as were asked for, or as there are.
//   - Then it is the middle one of theirs, in the order passing, warning, critical: with an odd
//     number the one that most have, where there is one. Of an even number there are two in the
//     middle; the status moves no further than it must to lie between them, so a tie changes nothing.
//   - Its output is that of the node's own agent if it has the same status, else that of the first such observer by name.
type Observe struct {
	Node     string
	CheckID  string
	Observer string
	Defined  uint64 // the check's DefinedIndex; 0, from the node's own agent only: whichever it is
	Status   Status `json:",omitempty"` // empty: abstains
	Output   string `json:",omitempty"`
	Withdraw bool   `json:",omitempty"` // the observer looks no more; Status and Output are not read
}

// decide is the status of a check that is now something and of which observers say
// something, those who abstain left out, while there should be a number of them. said is sorted.
func decide(now Status, said []Status, expected int) Status {
	if len(said)*2 <= expected || len(said) == 0 {
		return now
	}
	slices.SortFunc(said, func(a, b Status) int { return a.rank() - b.rank() })
	lower, upper := said[(len(said)-1)/2], said[len(said)/2]
	switch {
	case now.rank() < lower.rank():
		return lower
	case now.rank() > upper.rank():
		return upper
	}
	return now
}

// decided returns what an observed check should be by what its observers say.
func (t *tables) decided(c *Check) (status Status, output string) {
	expected := t.expected(c)
	var said []Status
	for o := range t.observations.rows(byID, observationsOf(c.Node, c.ID)) {
		if o.Status == "" {
			expected--
		} else {
			said = append(said, o.Status)
		}
	}
	status, output = decide(c.Status, said, expected), c.Output
	var speaker *Observation
	for o := range t.observations.rows(byID, observationsOf(c.Node, c.ID)) {
		if o.Status == status && (speaker == nil || EqualFold(o.Observer, c.Node)) {
			speaker = o
		}
	}
	if speaker != nil && len(said)*2 > expected {
		output = speaker.Output
	}
	return status, output
}

// expected is how many observers a check should have: as many as it asks for, the
// node's own agent among them if there is one, or as there are.
func (t *tables) expected(c *Check) int {
	others, n := max(c.Definition.Observers, 1), 0
	switch health := t.check(c.Node, SerfHealth); {
	case health == nil:
	case health.Status == Critical:
		others--
	default:
		others, n = others-1, 1
	}
	for other := range t.nodes.rows(nodesObserving, nil) {
		if others == 0 {
			break
		}
		if !EqualFold(other.Name, c.Node) && t.alive(other.Name) {
			others, n = others-1, n+1
		}
	}
	return n
}

// alive reports whether a node has an agent that has not failed.
func (t *tables) alive(node string) bool {
	health := t.check(node, SerfHealth)
	return health != nil && health.Status != Critical
}

// observes reports whether a node's agent is alive and willing to observe.
func (t *tables) observes(node string) bool {
	n := t.node(node)
	return n != nil && n.Observes() > 0 && t.alive(node)
}
