package agent

import "time"

// Raft is the settings of a server's raft member.
type Raft struct {
	RaftMultiplier        int           // scales raft's timeouts, 1 to 10; 1 is the quickest
	RaftSnapshotThreshold uint64        // log entries after which a snapshot is made
	RaftSnapshotInterval  time.Duration // how often that is looked at
	RaftTrailingLogs      uint64        // log entries kept behind a snapshot for servers that lag
}

const (
	// minSnapshotInterval keeps a server from spending its disk on snapshots; raft takes no less than 5 ms.
	minSnapshotInterval = time.Second
	maxRaftMultiplier   = 10
	raftProtocol        = 3 // the only one there is
)

func defaultRaft() Raft {
	return Raft{RaftMultiplier: 1, RaftSnapshotThreshold: 16384, RaftSnapshotInterval: 30 * time.Second, RaftTrailingLogs: 10240}
}

type raftKeys struct {
	RaftProtocol          *int           `key:"raft_protocol"`
	RaftSnapshotThreshold *uint64        `key:"raft_snapshot_threshold"`
	RaftSnapshotInterval  *time.Duration `key:"raft_snapshot_interval"`
	RaftTrailingLogs      *uint64        `key:"raft_trailing_logs"`
	Performance           struct {
		RaftMultiplier *int           `key:"raft_multiplier"`
		LeaveDrainTime *time.Duration `key:"leave_drain_time"`
		RPCHoldTimeout *time.Duration `key:"rpc_hold_timeout"`
	} `key:"performance"`
}

func (b *builder) raft(k *raftKeys) {
	c, p := &b.cfg, &k.Performance
	if n := k.RaftProtocol; n != nil && *n != raftProtocol {
		b.problem("raft_protocol", "is %d and cannot be changed", raftProtocol)
	}
	atLeast(b, &c.RaftSnapshotThreshold, "raft_snapshot_threshold", k.RaftSnapshotThreshold, 1)
	atLeast(b, &c.RaftSnapshotInterval, "raft_snapshot_interval", k.RaftSnapshotInterval, minSnapshotInterval)
	atLeast(b, &c.RaftTrailingLogs, "raft_trailing_logs", k.RaftTrailingLogs, 1)
	if n := p.RaftMultiplier; n != nil && *n != 0 { // 0 is the default, as in Consul
		c.RaftMultiplier = *n
		if *n < 1 || *n > maxRaftMultiplier {
			b.problem("performance.raft_multiplier", "%d is outside 1..%d", *n, maxRaftMultiplier)
		}
	}
	atLeast(b, &c.LeaveDrainTime, "performance.leave_drain_time", p.LeaveDrainTime, 0)
	atLeast(b, &c.RPCHoldTimeout, "performance.rpc_hold_timeout", p.RPCHoldTimeout, 0)
}
