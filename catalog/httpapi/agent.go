package httpapi

import (
	"context"
	"time"

	"muster/catalog"
)

// Registrations is what this node itself registered. All methods are safe for
// concurrent use; errors carry catalog codes; rows handed out must not be modified.
type Registrations interface {
	Instances() []*catalog.Instance
	Checks() []*catalog.Check
	// Changed is closed at the next change of anything above.
	Changed() <-chan struct{}
	// Standing is what the agent itself knows of one of the checks; ok is false when there is none with this id.
	Standing(checkID string) (s catalog.Standing, ok bool)
	// Observed is Standing of a check on another node that this agent observes; ok is false when it does not.
	Observed(node, checkID string) (s catalog.Standing, ok bool)
	// Next is when a check is looked at next or, of a ttl check, expires. Zero: not known.
	Next(checkID string) time.Time
	// Register adds or replaces a service and, with replaceChecks, removes those
	// checks of it that def does not have. It is persisted.
	Register(def catalog.ServiceDefinition, replaceChecks bool) error
	RegisterCheck(def catalog.CheckDefinition) error
	Deregister(serviceID string) error
	DeregisterCheck(checkID string) error
	// SetMaintenance takes a service, or with an empty id the node, out of answers or puts
	// it back. It ends by itself after the time it lasts, with 0 never.
	SetMaintenance(serviceID string, on bool, reason string, lasts time.Duration) error
	// Drain takes a service, or with an empty id the node, out of answers until the agent
	// restarts or somebody puts it back, and tells how long others may still hold older answers.
	Drain(serviceID, reason string) (wait time.Duration, err error)
	// UpdateTTL is a heartbeat: Invalid for a check that is no ttl check, NotFound for an unknown id.
	UpdateTTL(checkID string, status catalog.Status, output string) error
}

// Agent is the process around the API.
type Agent interface {
	// Self describes this agent.
	Self() Self
	// Members are all agents of this datacenter, this one included, or with wan the
	// servers of all datacenters, under names of the form NODE.DATACENTER. A client
	// agent has no WAN pool: Invalid.
	Members(wan bool) ([]Member, error)
	// Join makes the agent known to a cluster, with wan to another datacenter,
	// through a member's "host" or "host:port". Unavailable when nobody answers there.
	Join(ctx context.Context, address string, wan bool) error
	// ForceLeave has a failed member count as left, with prune be forgotten at
	// once. NotFound when there is none of that name.
	ForceLeave(ctx context.Context, name string, prune, wan bool) error
	// Reload reads the configuration again, all or nothing, and tells what changed in a line for people.
	Reload(ctx context.Context) (changed string, err error)
	// Leave withdraws this agent from the cluster and stops it. It returns before the process ends.
	Leave(ctx context.Context) error
}

// Self describes this agent.
type Self struct {
	Node      catalog.Node
	Coord     *catalog.Coordinate // where in the network it is; nil: not known
	Server    bool
	Version   string
	Revision  string
	BuildDate string // RFC 3339
	// Settings are those in force that clients look at, by Consul's names. None is a secret.
	Settings map[string]any
	// Stats are figures by group, as `muster info` prints them. Groups and figures go
	// by Consul's names where it has them: consul (server, leader, leader_addr), raft
	// (state, term, last_log_index, ...), serf_lan and serf_wan (members, failed,
	// left, ...); others, such as view and tls, are muster's own.
	Stats map[string]map[string]string
}

// MemberStatus is what an agent is to its peers; the numbers are what Consul's clients know.
type MemberStatus int

// The statuses of a member.
const (
	MemberNone MemberStatus = iota
	MemberAlive
	MemberLeaving
	MemberLeft
	MemberFailed
)

// String is the status's name in Consul's commands, "unknown" for what is none.
func (m MemberStatus) String() string {
	names := [...]string{"none", "alive", "leaving", "left", "failed"}
	if m < 0 || int(m) >= len(names) {
		return "unknown"
	}
	return names[m]
}

// Member is one agent as gossip, or a lone agent itself, knows it.
type Member struct {
	Name    string
	Address string // without port
	Port    uint16 // gossip port
	Status  MemberStatus
	Tags    map[string]string // "role", "dc", "id", "build", ... as Consul names them
}
