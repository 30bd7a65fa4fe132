package consensus

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"muster/metrics"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

// Transport is raft's share of the server port. Accepted connections speak raft
// from their first byte on; Dial reaches the same share of another server. Close
// must end Accept and every connection it gave.
type Transport interface {
	net.Listener
	Dial(addr string, timeout time.Duration) (net.Conn, error)
}

// Config describes a replica.
type Config struct {
	// Dir holds log, votes and snapshots; it is made if missing and belongs to the
	// replica alone. Empty keeps everything in memory, to be lost at Close.
	Dir string
	// ID is the node's UUID. A Dir belongs to the first ID it was opened with.
	ID string
	// Address is the host:port at which other servers reach Transport. It may change between starts.
	Address string
	// Transport carries raft's connections. Close closes it.
	Transport Transport
	// Locate returns the host:port at which the server with an id is now, "" if that is not
	// known: then the address in the raft configuration is tried. It is called for each
	// connection and must not block. Nil: it is never known.
	Locate func(id string) string
	// Bootstrap makes this replica the first member of a new cluster, if Dir holds
	// no state. It is ignored ever after.
	Bootstrap bool
	// Logger may be nil: then nothing is logged.
	Logger *slog.Logger
	// Metrics may be nil: then nothing is measured.
	Metrics *metrics.Raft

	// HeartbeatTimeout is how long a follower waits for its leader before it stands
	// for election. Less finds a dead leader sooner and suspects a slow one more often. 0: 600 ms.
	HeartbeatTimeout time.Duration
	// DiskTimeout is how long a write of log, term or vote may take before this replica
	// withdraws: it breaks off all contact until the write returns, so that another
	// member can take over. Less finds a hanging disk sooner and takes a slow one for
	// hanging more often. 0: 1.5 s.
	DiskTimeout time.Duration
	// SnapshotInterval is how often (up to twice as long) the need for a snapshot is checked. 0: 30 s.
	SnapshotInterval time.Duration
	// SnapshotThreshold is how many log entries since the last snapshot call for a
	// new one. Less means a quicker start and more writing. 0: 16384.
	SnapshotThreshold uint64
	// TrailingLogs is how many entries stay in the log behind a snapshot, for
	// followers that lag. 0: 10240.
	TrailingLogs uint64
}

func (c Config) withDefaults() (Config, error) {
	var missing []error
	for _, f := range []struct {
		name string
		gone bool
	}{{"ID", c.ID == ""}, {"Address", c.Address == ""}, {"Transport", c.Transport == nil}} {
		if f.gone {
			missing = append(missing, fmt.Errorf("consensus: %s is missing", f.name))
		}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Metrics == nil {
		c.Metrics = metrics.New(metrics.Build{}).Raft
	}
	if c.Locate == nil {
		c.Locate = func(string) string { return "" }
	}
	if c.HeartbeatTimeout <= 0 {
		c.HeartbeatTimeout = 600 * time.Millisecond
	}
	if c.DiskTimeout <= 0 {
		c.DiskTimeout = 1500 * time.Millisecond
	}
	if c.SnapshotInterval <= 0 {
		c.SnapshotInterval = 30 * time.Second
	}
	if c.SnapshotThreshold == 0 {
		c.SnapshotThreshold = 16384
	}
	if c.TrailingLogs == 0 {
		c.TrailingLogs = 10240
	}
	if len(c.ID) > maxID {
		missing = append(missing, fmt.Errorf("consensus: ID has %d bytes, %d at most", len(c.ID), maxID))
	}
	return c, errors.Join(missing...)
}

// lease is how long nobody else can have been elected after a message that a quorum
// answers was sent: a follower waits a heartbeat timeout before it forgets its leader. What is
// missing to that is for clocks that do not run at the same speed.
func (c Config) lease() time.Duration { return c.HeartbeatTimeout * 4 / 5 }

// commitTimeout is how often followers that are sent nothing else hear the commit index. They
// hear of most commits by a nudge; each message costs some 50 µs on both ends.
const commitTimeout = 100 * time.Millisecond

// raft returns the library's view of the configuration.
func (c Config) raft(logger hclog.Logger) *raft.Config {
	rc := raft.DefaultConfig()
	rc.LocalID = raft.ServerID(c.ID)
	rc.Logger = logger
	rc.HeartbeatTimeout = c.HeartbeatTimeout
	rc.ElectionTimeout = c.HeartbeatTimeout + kick // never less than the former, see lookAtClock
	rc.CommitTimeout = commitTimeout
	// Reads have a lease of their own. A leader need not resign before others may stand for election.
	rc.LeaderLeaseTimeout = c.HeartbeatTimeout
	rc.SnapshotInterval = c.SnapshotInterval
	rc.SnapshotThreshold = c.SnapshotThreshold
	rc.TrailingLogs = c.TrailingLogs
	rc.NoLegacyTelemetry = true
	// Raft must not stop behind the replica's back; leaving is the replica's decision.
	rc.ShutdownOnRemove = false
	return rc
}
