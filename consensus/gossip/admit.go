package gossip

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"muster/metrics"
)

// ErrNameTaken is in the error of a Join that was refused because an agent that
// is alive has this one's name, or its id.
var ErrNameTaken = errors.New("name or id is taken")

// refusal is why an agent is not let in.
type refusal struct {
	why  metrics.Refusal
	text string
}

// Error implements error.
func (r *refusal) Error() string { return refusedMark + r.text }

// newcomer is an agent that asks in, or of which others tell.
type newcomer struct {
	name string
	at   netip.AddrPort
	meta meta
}

// checkPool refuses agents that do not belong into a pool: another pool's, or another datacenter's.
func checkPool(wan bool, datacenter string, n newcomer) *refusal {
	stranger := func(format string, args ...any) *refusal {
		return &refusal{metrics.RefusedStranger, fmt.Sprintf("member %s at %s ", n.name, n.at) + fmt.Sprintf(format, args...)}
	}
	switch {
	case checkMemberName(n.name) != nil:
		return stranger("has a name that cannot be")
	case n.meta.WAN && !wan:
		return stranger("gossips in the pool of all datacenters (WAN), this is the port of one datacenter (LAN)")
	case !n.meta.WAN && wan:
		return stranger("gossips in the pool of one datacenter (LAN), this is the port of all datacenters (WAN)")
	case !wan && n.meta.Datacenter != datacenter:
		return stranger("is of datacenter %q, this agent is of %q", n.meta.Datacenter, datacenter)
	case wan && !n.meta.Server:
		return stranger("is no server")
	case wan && !strings.HasSuffix(n.name, "."+n.meta.Datacenter):
		return stranger("is of datacenter %q, its name is not", n.meta.Datacenter)
	}
	return nil
}

// holder is a living member as far as it can stand in a newcomer's way.
type holder struct {
	name, id string
	at       netip.AddrPort
}

// checkHolder refuses a newcomer whose name or id a living member has. At the
// member's own address the newcomer is its successor: two cannot share a port, so
// a host that lost its data directory comes back at once, under a new id.
func checkHolder(h holder, n newcomer) *refusal {
	if h.at == n.at {
		return nil
	}
	both := fmt.Sprintf("the agent with id %s at %s and the one with id %s at %s", h.id, h.at, n.meta.ID, n.at)
	switch {
	case h.name == n.name && h.id != n.meta.ID:
		return &refusal{metrics.RefusedName, fmt.Sprintf("%v: %s are alive and both called %s", ErrNameTaken, both, n.name)}
	case h.name != n.name && h.id == n.meta.ID:
		return &refusal{metrics.RefusedName, fmt.Sprintf("%v: %s, called %s and %s, are alive and have the same id", ErrNameTaken, both, h.name, n.name)}
	}
	return nil
}

// contenders returns the living members with a newcomer's name or id.
func (b *book) contenders(n newcomer) []holder {
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []holder
	for _, name := range []string{n.name, b.holders[n.meta.ID]} {
		if e := b.members[name]; e != nil && e.alive && !e.Remembered {
			list = append(list, holder{name: e.Name, id: e.ID, at: netip.AddrPortFrom(e.Addr, e.Port)})
		}
	}
	return list
}

// maxMemberName bounds names of members: NODE.DATACENTER.
const maxMemberName = 2*maxName + 1

func checkMemberName(name string) error { return checkText("name", name, maxMemberName) }
