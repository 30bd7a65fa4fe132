package catalog

// ServiceNames returns the names of services in their folded order, each once
// without regard to case, and no more than limit. It costs a step per name,
// however many instances there are. The mark is that of [Snapshot.Services].
func (s *Snapshot) ServiceNames(limit int) ([]string, Mark) {
	var out []string
	for len(out) < limit {
		var past span[Instance]
		if len(out) > 0 {
			past = instancesPast(out[len(out)-1])
		}
		i := s.instances.first(instancesByService, past)
		if i == nil {
			break
		}
		out = append(out, i.Name)
	}
	return out, s.mark(resServiceList)
}

// EntryOf returns an instance of the snapshot with its node and checks.
func (s *Snapshot) EntryOf(i *Instance) Entry {
	checks := append(s.ChecksOfInstance(i.Node, ""), s.ChecksOfInstance(i.Node, i.ID)...)
	return Entry{Node: s.Node(i.Node), Instance: i, Checks: checks}
}
