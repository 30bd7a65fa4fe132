package httpapi

import (
	"context"
	"time"
)

// Operator administers the cluster. It is asked on servers alone. All methods are
// safe for concurrent use; errors carry catalog codes.
type Operator interface {
	// RaftServers returns the raft configuration and its index in the log.
	RaftServers() (servers []RaftServer, index uint64, err error)
	// RemoveServer takes the server with a raft id out of the configuration. NotFound: there is none.
	RemoveServer(ctx context.Context, id string) error
	// TransferLeader hands leadership to the server with a raft id, with "" to the
	// most up to date. It returns when that server leads, or fails.
	TransferLeader(ctx context.Context, id string) error
	// Health returns what the leader knows of each server; Unavailable on any other.
	Health() ([]ServerHealth, error)

	// Keys tells which keys members of each gossip pool hold, with localOnly in this datacenter alone.
	Keys(ctx context.Context, localOnly bool) ([]KeyRing, error)
	// InstallKey, UseKey and RemoveKey change the keys of all members of all pools; the
	// key is in base64 and of a right length. An error tells which members refuse.
	InstallKey(ctx context.Context, key string) error
	UseKey(ctx context.Context, key string) error
	RemoveKey(ctx context.Context, key string) error
}

// RaftServer is a server of the raft configuration.
type RaftServer struct {
	ID        string // in raft: the node's UUID
	Name      string // of its node; empty: no member is known by that id
	Address   string // host:port
	Leader    bool
	Voter     bool
	LastIndex uint64 // of its log, as far as this server knows; 0: unknown
}

// ServerHealth is what the leader knows of a server.
type ServerHealth struct {
	ID          string // in raft: the node's UUID
	Name        string // of its node; empty: unknown
	Address     string // host:port
	Status      MemberStatus
	Version     string
	Leader      bool
	Voter       bool
	Healthy     bool          // by the thresholds of autopilot's configuration
	LastContact time.Duration // since the leader heard it; 0 on the leader, negative: never
	LastTerm    uint64        // of its log
	LastIndex   uint64        // of its log
	StableSince time.Time     // when Healthy last changed
	Meta        map[string]string
}

// KeyRing tells how the keys of a gossip pool are spread.
type KeyRing struct {
	WAN        bool // the pool of the servers of all datacenters
	Datacenter string
	Messages   map[string]string // member to what went wrong there
	Keys       map[string]int    // key in base64 to the number of members that hold it
	Primary    map[string]int    // key in base64 to the number of members that encrypt with it
	Members    int
}
