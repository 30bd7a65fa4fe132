package catalog

// Step is one entry of the log.
type Step struct {
	Index   uint64
	Command Command // nil for an entry that holds none
}

// Applied is what became of a step.
type Applied struct {
	Result Result
	// Err belongs to the command (its author gets it); the state has then not
	// changed but for its index.
	Err error
}

// Apply applies a command that stands in the log at index. About the error see [Applied].
func (s *State) Apply(index uint64, c Command) (Result, error) {
	a := s.ApplyAll([]Step{{index, c}})[0]
	return a.Result, a.Err
}

// ApplyAll applies steps in order, to the same effect as one by one, but readers
// see all of them or none. One batch for all copies the upper nodes of
// the indexes once, not once for each step. The state keeps the commands, so
// nobody may write to them any more.
func (s *State) ApplyAll(steps []Step) []Applied {
	if len(steps) == 0 {
		return nil
	}
	out := make([]Applied, len(steps))
	t := s.begin()
	var changes []*Change
	for i, step := range steps {
		if step.Command == nil {
			continue
		}
		// Commands check before they change, so one that fails leaves nothing to undo.
		t.index, t.done, t.settled = step.Index, t.done[:0], nil
		out[i].Result, out[i].Err = t.run(step.Command)
		if c := newChange(step.Index, t.done); c != nil {
			c.settled = t.settled
			changes = append(changes, c)
		}
	}
	s.publish(t.tables, func() { s.watches.tell(t.batch, t.touched) })
	s.advanceTo(steps[len(steps)-1].Index, changes)
	return out
}

// run applies a command and notes it if it is one for [Changes].
func (t *tx) run(c Command) (Result, error) {
	res, err := c.apply(t)
	if err != nil {
		return res, err
	}
	switch c.(type) {
	case *Register, *Deregister, *SetStatus, *SetLineage, *UpdateCoordinates, *Observe, *TendTurns, *LiftBrake, *FireEvent:
		t.done = append(t.done, c)
	}
	return res, nil
}
