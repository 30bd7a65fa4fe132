package agent

import "time"

// Gossip is how agents find one another and learn who is alive.
type Gossip struct {
	Key                Secret // 16, 24 or 32 bytes; nil: gossip is not encrypted
	DisableKeyringFile bool   // the keys are not kept in the data directory
	RejoinAfterLeave   bool   // agents met before are met again after a leave, too

	LAN Pool // all agents of this datacenter
	WAN Pool // the servers of all datacenters; of servers alone
}

// Pool is the settings of one gossip pool.
type Pool struct {
	Join          []string      // host, host:port or [ip]:port; a host without one means the pool's own port
	RetryInterval time.Duration // between tries until one of Join has answered
	RetryMax      int           // tries until the agent gives up and ends; 0: no end
	// ReconnectTimeout is how long a failed member is tried again before it is forgotten.
	ReconnectTimeout time.Duration
	GossipTuning
}

// GossipTuning overrides how a pool is tuned; in each field 0 leaves it as it is.
type GossipTuning struct {
	GossipNodes    int           // members told of news at a time
	GossipInterval time.Duration // between tellings
	ProbeInterval  time.Duration // between probes of a member
	ProbeTimeout   time.Duration // for the reply on the network's worst day; under ProbeInterval
	SuspicionMult  int           // scales how long a suspect may defend itself
	RetransmitMult int           // scales how often news is told
}

// Bounds that keep a mistake from turning into a flood, or from forgetting members over a weekend.
const (
	minRetryInterval    = 100 * time.Millisecond
	minReconnectTimeout = 8 * time.Hour
)

func defaultGossip() Gossip {
	return Gossip{
		LAN: Pool{RetryInterval: 2 * time.Second, ReconnectTimeout: 72 * time.Hour},
		WAN: Pool{RetryInterval: 10 * time.Second, ReconnectTimeout: 72 * time.Hour},
	}
}
