package metrics

import "github.com/prometheus/client_golang/prometheus"

// Gossip tells of the pools an agent gossips in.
type Gossip struct {
	LAN *GossipPool // all agents of the datacenter
	WAN *GossipPool // the servers of all datacenters
}

// Refusal is why gossip did not take what it was sent.
type Refusal string

// The reasons.
const (
	RefusedKey       Refusal = "key"       // not encrypted, or with a key this agent does not have
	RefusedName      Refusal = "name"      // another member has the name or the id
	RefusedStranger  Refusal = "stranger"  // of another datacenter or pool, or not an agent of ours
	RefusedMalformed Refusal = "malformed" // cannot be understood, or is too large
)

// GossipPool counts the members of one pool and what becomes of them. A nil
// GossipPool counts nothing.
type GossipPool struct {
	members  map[string]prometheus.Gauge
	joins    prometheus.Counter
	failures prometheus.Counter
	refused  map[Refusal]prometheus.Counter
	strain   prometheus.Gauge
}

// Member statuses, as in the label of muster_gossip_members.
var gossipStatuses = [...]string{"alive", "leaving", "left", "failed"}

func newGossip(reg prometheus.Registerer) *Gossip {
	members := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "muster_gossip_members",
		Help: "Members this agent knows, itself included, by pool and status.",
	}, []string{"pool", "status"})
	joins := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "muster_gossip_joins_total",
		Help: "Times a member came, or came back.",
	}, []string{"pool"})
	failures := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "muster_gossip_failures_total",
		Help: "Times a member was declared failed.",
	}, []string{"pool"})
	refused := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "muster_gossip_refused_total",
		Help: "Messages and members that were refused, by reason: key (not encrypted, or with a key this agent does not have), name (taken by another member, or its id is), stranger (other datacenter or pool), malformed.",
	}, []string{"pool", "reason"})
	strain := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "muster_gossip_strain",
		Help: "How far this agent falls behind the pace of gossip: 0 keeps up, 7 is as slow as is counted.",
	}, []string{"pool"})
	reg.MustRegister(members, joins, failures, refused, strain)
	pool := func(name string) *GossipPool {
		p := &GossipPool{
			members: map[string]prometheus.Gauge{}, refused: map[Refusal]prometheus.Counter{},
			joins: joins.WithLabelValues(name), failures: failures.WithLabelValues(name), strain: strain.WithLabelValues(name),
		}
		for _, s := range gossipStatuses {
			p.members[s] = members.WithLabelValues(name, s)
		}
		for _, r := range []Refusal{RefusedKey, RefusedName, RefusedStranger, RefusedMalformed} {
			p.refused[r] = refused.WithLabelValues(name, string(r))
		}
		return p
	}
	return &Gossip{LAN: pool("lan"), WAN: pool("wan")}
}

// Set records how many members there are of each status, by its name; one that is not there counts none.
func (g *GossipPool) Set(byStatus map[string]int) {
	if g == nil {
		return
	}
	for status, gauge := range g.members {
		gauge.Set(float64(byStatus[status]))
	}
}

// Joined counts a member that came, or came back.
func (g *GossipPool) Joined() {
	if g != nil {
		g.joins.Inc()
	}
}

// Failed counts a member that was declared failed.
func (g *GossipPool) Failed() {
	if g != nil {
		g.failures.Inc()
	}
}

// Refused counts a message or a member that was refused.
func (g *GossipPool) Refused(why Refusal) {
	if g != nil {
		g.refused[why].Inc()
	}
}

// Strain records how far this agent falls behind: 0 keeps up.
func (g *GossipPool) Strain(score int) {
	if g != nil {
		g.strain.Set(float64(score))
	}
}
