package agent

import "time"

// SnapshotAgent is the snapshots that the leader makes by itself.
type SnapshotAgent struct {
	Interval  time.Duration // between snapshots; 0: none are made
	Retain    int           // the newest so many are kept; at least 1
	Directory string        // where; every server has one of its own
}
