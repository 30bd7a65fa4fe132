package catalog

// RowsMark is the mark of every node, instance and check row: it moves whenever any of them
// comes, goes or changes in whatever way. It walks the instances.
func (s *Snapshot) RowsMark() Mark {
	index := max(s.mark(resNodes).Index, s.mark(resChecks).Index, s.InstancesMark().Index)
	return Mark{Index: index, Changed: s.watch(watchAnyRow())}
}

// InstancesMark is the mark of every instance row: it moves whenever any instance
// comes, goes or changes in whatever way. Those who only need names and tags use
// the mark of [Snapshot.Services], which moves less often. It walks the instances.
func (s *Snapshot) InstancesMark() Mark {
	m := s.mark(resServiceList) // moves when an instance goes, which leaves no row
	m.Changed = s.watch(watchAnyInstance())
	for i := range s.Instances {
		m.Index = max(m.Index, i.ModifyIndex)
	}
	return m
}
