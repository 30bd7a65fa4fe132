package agent

import "time"

// Raft is the settings of a server's raft member.
type Raft struct {
	RaftMultiplier        int           // scales raft's timeouts, 1 to 10; 1 is the quickest
	RaftSnapshotThreshold uint64        // log entries after which a snapshot is made
	RaftSnapshotInterval  time.Duration // how often that is looked at
	RaftTrailingLogs      uint64        // log entries kept behind a snapshot for servers that lag
}

// minSnapshotInterval keeps a server from spending its disk on snapshots; raft takes no less than 5 ms.
const minSnapshotInterval = time.Second

func defaultRaft() Raft {
	return Raft{RaftMultiplier: 1, RaftSnapshotThreshold: 16384, RaftSnapshotInterval: 30 * time.Second, RaftTrailingLogs: 10240}
}
