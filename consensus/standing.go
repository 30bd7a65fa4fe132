package consensus

// LastIndex is the index of the last entry in this server's log, committed or not; 0 before Start.
func (r *Replica) LastIndex() uint64 {
	m := r.raft.Load()
	if m == nil {
		return 0
	}
	return m.LastIndex()
}

// ServersIndex is the index in the log of the configuration that Servers tells; 0 before Start.
func (r *Replica) ServersIndex() uint64 {
	m := r.raft.Load()
	if m == nil {
		return 0
	}
	return m.GetConfiguration().Index()
}
