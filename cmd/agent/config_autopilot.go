package agent

import "time"

// autopilotKeys are what a new cluster begins with; afterwards its operator changes them.
type autopilotKeys struct {
	Autopilot struct {
		CleanupDeadServers      *bool          `key:"cleanup_dead_servers"`
		LastContactThreshold    *time.Duration `key:"last_contact_threshold"`
		MaxTrailingLogs         *uint64        `key:"max_trailing_logs"`
		MinQuorum               *uint          `key:"min_quorum"`
		ServerStabilizationTime *time.Duration `key:"server_stabilization_time"`
	} `key:"autopilot"`
}

func (b *builder) autopilot(k *autopilotKeys) {
	to, from := &b.cfg.Autopilot, &k.Autopilot
	set(&to.CleanupDeadServers, from.CleanupDeadServers)
	atLeast(b, &to.LastContactThreshold, "autopilot.last_contact_threshold", from.LastContactThreshold, time.Millisecond)
	set(&to.MaxTrailingLogs, from.MaxTrailingLogs)
	set(&to.MinQuorum, from.MinQuorum)
	atLeast(b, &to.ServerStabilizationTime, "autopilot.server_stabilization_time", from.ServerStabilizationTime, 0)
}
