package gossip

import (
	"net/netip"
	"time"
)

// Status is what becomes of a member.
type Status string

// The statuses.
const (
	Alive   Status = "alive"
	Leaving Status = "leaving" // said to leave, and still answering
	Left    Status = "left"    // gone on purpose, or declared gone by ForceLeave
	Failed  Status = "failed"  // gone without a word
)

// Member is one agent as this one knows it.
type Member struct {
	Name       string // NODE, in the pool of all datacenters NODE.DATACENTER
	ID         string // of the node; stays while its data directory does
	Addr       netip.Addr
	Port       uint16 // of gossip
	Status     Status
	Since      time.Time // of Status, as seen from here
	Server     bool
	Datacenter string
	RPC        netip.AddrPort    // server port, of servers alone
	Build      string            // version of the program
	Protocol   uint8             // version of what agents say to one another
	Expect     int               // servers the cluster waits for before its first start; 0: not said
	Tags       map[string]string // not to be changed; nil: none
	// Remembered tells that the member is known from disk alone: its status is
	// that of the last run, and settles within seconds of the start.
	Remembered bool
}
