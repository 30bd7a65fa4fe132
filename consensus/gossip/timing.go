package gossip

import (
	"cmp"
	"time"

	"github.com/hashicorp/memberlist"
)

// Timing is how eagerly members watch one another. In each field 0 means the
// default of the pool, LANTiming or WANTiming. All members of a pool had better
// agree on it. DESIGN.md tells what the defaults were measured to do.
type Timing struct {
	ProbeInterval  time.Duration // between probes, of one member each
	ProbeTimeout   time.Duration // for a direct reply, before others are asked to try; at most 2/5 of ProbeInterval, or their word comes too late
	SuspicionMult  int           // a suspect may defend itself for ProbeInterval times this, and times log10 of the members if there are more than ten
	GossipInterval time.Duration // between tellings of news
	GossipNodes    int           // members told at a time
	RetransmitMult int           // how often news is told: this times log10 of the members
	SyncInterval   time.Duration // between full comparisons with another member
	StreamTimeout  time.Duration // to connect over TCP, and for one exchange
	MaxStrain      int           // an agent that falls behind probes up to this many times slower
}

// LANTiming is the timing within a datacenter.
func LANTiming() Timing {
	return Timing{
		ProbeInterval: 100 * time.Millisecond, ProbeTimeout: 40 * time.Millisecond, SuspicionMult: 10,
		GossipInterval: 50 * time.Millisecond, GossipNodes: 3, RetransmitMult: 10,
		SyncInterval: 15 * time.Second, StreamTimeout: 5 * time.Second, MaxStrain: 8,
	}
}

// WANTiming is the timing between datacenters.
func WANTiming() Timing {
	return Timing{
		ProbeInterval: 2 * time.Second, ProbeTimeout: 800 * time.Millisecond, SuspicionMult: 6,
		GossipInterval: 250 * time.Millisecond, GossipNodes: 4, RetransmitMult: 8,
		SyncInterval: 60 * time.Second, StreamTimeout: 10 * time.Second, MaxStrain: 8,
	}
}

// or fills what is not set from another timing.
func (t Timing) or(d Timing) Timing {
	return Timing{
		ProbeInterval: cmp.Or(t.ProbeInterval, d.ProbeInterval), ProbeTimeout: cmp.Or(t.ProbeTimeout, d.ProbeTimeout),
		SuspicionMult: cmp.Or(t.SuspicionMult, d.SuspicionMult), GossipInterval: cmp.Or(t.GossipInterval, d.GossipInterval),
		GossipNodes: cmp.Or(t.GossipNodes, d.GossipNodes), RetransmitMult: cmp.Or(t.RetransmitMult, d.RetransmitMult),
		SyncInterval: cmp.Or(t.SyncInterval, d.SyncInterval), StreamTimeout: cmp.Or(t.StreamTimeout, d.StreamTimeout),
		MaxStrain: cmp.Or(t.MaxStrain, d.MaxStrain),
	}
}

// apply sets what memberlist calls these.
func (t Timing) apply(c *memberlist.Config) {
	c.ProbeInterval, c.ProbeTimeout = t.ProbeInterval, t.ProbeTimeout
	c.SuspicionMult, c.SuspicionMaxTimeoutMult = t.SuspicionMult, 6
	c.IndirectChecks = 3
	c.GossipInterval, c.GossipNodes, c.RetransmitMult = t.GossipInterval, t.GossipNodes, t.RetransmitMult
	c.GossipToTheDeadTime = 30 * time.Second
	c.PushPullInterval, c.TCPTimeout = t.SyncInterval, t.StreamTimeout
	c.AwarenessMaxMultiplier = t.MaxStrain
}
