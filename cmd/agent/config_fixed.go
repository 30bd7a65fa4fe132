package agent

import "reflect"

// fixedClusterChanges names the settings about the cluster that differ and take a
// restart. What the files of certificates hold is none of them.
func fixedClusterChanges(old, next *Config) []string {
	var out []string
	for _, f := range []struct {
		name string
		same bool
	}{
		{"bootstrap_expect", old.BootstrapExpect == next.BootstrapExpect},
		{"settings of gossip and joining", reflect.DeepEqual(old.Gossip, next.Gossip)},
		{"tls", old.TLS == next.TLS},
		{"raft_multiplier or raft_trailing_logs", old.RaftMultiplier == next.RaftMultiplier && old.RaftTrailingLogs == next.RaftTrailingLogs},
		{"autopilot", old.Autopilot == next.Autopilot},
		{"external_probes", reflect.DeepEqual(old.ExternalProbes, next.ExternalProbes)},
		{"snapshot_agent", old.SnapshotAgent == next.SnapshotAgent},
		{"leave_drain_time", old.LeaveDrainTime == next.LeaveDrainTime},
		{"rpc_hold_timeout", old.RPCHoldTimeout == next.RPCHoldTimeout},
	} {
		if !f.same {
			out = append(out, f.name)
		}
	}
	return out
}
