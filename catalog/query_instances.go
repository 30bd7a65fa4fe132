package catalog

// InstancesMark is the mark of every instance row: it moves whenever any instance
// comes, goes or changes in whatever way. Those who only need names and tags use
// the mark of [Snapshot.Services], which moves less often. It walks the instances.
func (s *Snapshot) InstancesMark() Mark {
	it, err := s.txn.Get(tableInstances, "id", "")
	if err != nil {
		panic("catalog: read instances: " + err.Error())
	}
	m := s.mark(resServiceList) // moves when an instance goes, which leaves no row
	m.Changed = it.WatchCh()
	for row := it.Next(); row != nil; row = it.Next() {
		m.Index = max(m.Index, row.(*Instance).ModifyIndex)
	}
	return m
}
