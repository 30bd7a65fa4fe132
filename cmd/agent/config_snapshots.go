package agent

import (
	"path/filepath"
	"time"
)

// SnapshotAgent is the snapshots that the leader makes by itself.
type SnapshotAgent struct {
	Interval  time.Duration // between snapshots; 0: none are made
	Retain    int           // the newest so many are kept; at least 1
	Directory string        // where; every server has one of its own. Empty when none are made
}

type snapshotKeys struct { // not Consul's
	SnapshotAgent struct {
		Interval  *time.Duration `key:"interval"`
		Retain    *int           `key:"retain"`
		Directory *string        `key:"directory"`
	} `key:"snapshot_agent"`
}

func (b *builder) snapshots(k *snapshotKeys) {
	to, from := &b.cfg.SnapshotAgent, &k.SnapshotAgent
	if from.Interval != nil && *from.Interval != 0 {
		atLeast(b, &to.Interval, "snapshot_agent.interval", from.Interval, minSnapshotInterval)
	}
	atLeast(b, &to.Retain, "snapshot_agent.retain", from.Retain, 1)
	set(&to.Directory, from.Directory)
	switch {
	case to.Interval == 0 || to.Directory != "":
	case b.cfg.DevMode:
		b.problem("snapshot_agent.interval", "needs a directory to keep snapshots in: with -dev there is no data_dir")
	case b.cfg.DataDir != "":
		to.Directory = filepath.Join(b.cfg.DataDir, "snapshots")
	}
}
