package httpapi

import "time"

// Explanation is what a DNS server answers to a question, and why.
type Explanation struct {
	Name  string // fully qualified
	Type  string
	TCP   bool   // asked over TCP
	Rcode string // such as "NOERROR", "NXDOMAIN"
	// Answer, Authority and Additional are records in zone-file text, in an order drawn
	// anew for every answer.
	Answer     []string
	Authority  []string
	Additional []string
	Reason     string // why there is no answer; empty when there is one
	ErrorCode  int    // extended error (RFC 8914) that goes with the reason; 0 is "other"
	Stale      bool   // from a view that has not been confirmed for a while

	Names     []ExplainedName // as looked up: the name asked for, then those that aliases led to
	Recursors []string        // asked for the rest, which this explanation does not do
	Message   ExplainedMessage
	Agent     ExplainedAgent
}

// ExplainedName is one name looked up in one zone.
type ExplainedName struct {
	Name       string
	Zone       string
	ReadAs     string // for people: `service "web" with tag "v1"`
	Form       string // the parts of it; what does not apply is empty
	Service    string
	Tag        string
	Node       string
	Query      string // name or id of a prepared query
	Address    string
	Datacenter string
	TTL        []ExplainedTTL
	Kept       int // records that a limit lets into one answer; 0: there was no limit to apply
	Of         int // records there were to choose from; 0 likewise
	// Near is the node that records are ordered by the distance from; without it order is by chance.
	Near string `json:",omitempty"`
	// LocalKept of LocalOf instances are in LocalWithin, a zone or region of this agent, which has enough.
	LocalKept   int    `json:",omitempty"`
	LocalOf     int    `json:",omitempty"`
	LocalWithin string `json:",omitempty"`
	Brake       *Brake `json:",omitempty"` // of the service; null: there is none
	Considered  []ExplainedInstance
}

// ExplainedTTL is how long records, or their lack, may be kept, and what says so.
type ExplainedTTL struct {
	Seconds uint32
	From    string // a configuration key, or words
}

// ExplainedInstance is an instance that was considered or, without ID, a node.
type ExplainedInstance struct {
	Node      string
	ID        string
	Service   string
	Tags      []string
	Addresses []string // IPv4, IPv6, or else a host name
	Port      int
	Weight    *int   // in effect; null where weights play no part
	RTT       string `json:",omitempty"` // a Go duration, estimated, from Near; empty where it plays no part or is not known
	Region    string `json:",omitempty"` // where it runs, if somebody has said
	Zone      string `json:",omitempty"`
	Status    string
	In        bool   // the answer holds a record of it
	Verdict   string // such as "answered", "critical", "lacks-tag"
	Why       string // the verdict for people
	// Guard is what a guard does for it: "brake", "last-passing" or "all-critical" keep it in
	// answers although it is critical, "slow-start" has its weight grow. Empty: nothing.
	Guard    string
	GuardWhy string // the same for people
	Checks   []ExplainedCheck
}

// ExplainedCheck is a check of an instance or of its node.
type ExplainedCheck struct {
	CheckID     string
	Name        string
	Type        string
	Status      string
	OfNode      bool // it watches the node, not the instance alone
	Against     bool // it is what keeps the instance out, or its weight down
	Output      string
	Notes       string     // the reason, of a maintenance check
	ModifyIndex uint64     // raft index of the last change of the check, its output included
	Since       *time.Time // of the status; null where only another agent could know
	OrBefore    bool       // Since is when this agent began to know
	// Transitions are the last changes of the status, oldest first; null where only another agent could know.
	Transitions []CheckTransition
	Observers   []CheckObserver `json:",omitempty"` // of a check that agents other than its owner observe
}

// ExplainedMessage is how the answer fits its message, for a client that takes the largest we send.
type ExplainedMessage struct {
	Limit     int // octets it may have
	Size      int // octets it has
	Sent      int // answer records in it
	Truncated bool
}

// ExplainedAgent is who answered, and from what.
type ExplainedAgent struct {
	Node       string
	Datacenter string
	Version    string
	Ready      bool   // the catalog is loaded
	Index      uint64 // of the catalog as this agent knows it
	Age        string // a Go duration: since it was last known to be current; "0s" on a leader
}
