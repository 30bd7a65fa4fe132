package catalog

import "time"

// Autopilot is how the leader looks after the servers. It is replicated, so that
// each leader does the same. The names are Consul's.
type Autopilot struct {
	// CleanupDeadServers takes servers that failed out of the cluster once a healthy one has come in their place.
	CleanupDeadServers bool
	// LastContactThreshold is how long a healthy server may not have heard of the leader.
	LastContactThreshold time.Duration
	// MaxTrailingLogs is how many log entries a healthy server may lie behind.
	MaxTrailingLogs uint64
	// MinQuorum is the number of voters that clean-up never goes below. 0: no such limit.
	MinQuorum uint
	// ServerStabilizationTime is how long a new server must be healthy before it votes.
	ServerStabilizationTime time.Duration
	// CreateIndex and ModifyIndex are raft indexes; 0 while the settings are the defaults.
	CreateIndex, ModifyIndex uint64
}

// DefaultAutopilot holds until SetAutopilot is applied.
func DefaultAutopilot() Autopilot {
	return Autopilot{
		CleanupDeadServers:      true,
		LastContactThreshold:    200 * time.Millisecond,
		MaxTrailingLogs:         250,
		ServerStabilizationTime: 10 * time.Second,
	}
}

// SetAutopilot replaces the autopilot settings; indexes in Config are not read.
// With CAS set it does so only if their ModifyIndex is Index (0: if they were
// never set); otherwise the Result is not OK.
type SetAutopilot struct {
	Config Autopilot
	CAS    bool   `json:",omitempty"`
	Index  uint64 `json:",omitempty"`
}

func (c *SetAutopilot) apply(t *tx) (Result, error) {
	if c.Config.LastContactThreshold < 0 || c.Config.ServerStabilizationTime < 0 {
		return Result{}, Errorf(Invalid, "autopilot: LastContactThreshold %v and ServerStabilizationTime %v must not be negative",
			c.Config.LastContactThreshold, c.Config.ServerStabilizationTime)
	}
	var old Autopilot
	if t.autopilot != nil {
		old = *t.autopilot
	}
	if c.CAS && old.ModifyIndex != c.Index {
		return Result{}, nil
	}
	next := c.Config
	next.CreateIndex, next.ModifyIndex = t.index, t.index
	if t.autopilot != nil {
		next.CreateIndex = old.CreateIndex
	}
	t.autopilot = &next
	t.tell(watchAutopilot())
	return Result{OK: true}, nil
}

// Autopilot returns the autopilot settings, the defaults if they were never set.
func (s *Snapshot) Autopilot() (Autopilot, Mark) {
	m := Mark{Index: max(1, s.versionIndex(resRestored)), Changed: s.watch(watchAutopilot())}
	if s.autopilot == nil {
		return DefaultAutopilot(), m
	}
	m.Index = max(m.Index, s.autopilot.ModifyIndex)
	return *s.autopilot, m
}
