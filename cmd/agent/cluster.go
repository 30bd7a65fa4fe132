package agent

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"muster/catalog"
	"muster/consensus/gossip"
)

// members returns who gossip has met in this datacenter, this agent included, and a
// channel that is closed when that changes.
func (a *Agent) members() ([]gossip.Member, <-chan struct{}) {
	changed := a.lan.Changed() // first, so that no change is missed
	known := a.lan.Members()
	return slices.DeleteFunc(known, func(m gossip.Member) bool { return m.Remembered }), changed
}

// servers returns the server ports of this datacenter's servers that gossip thinks alive.
// Where it thinks that none is they are those that failed: the agent that cannot be
// reached may be this one, and after a cut it takes gossip a while to find the others.
func (a *Agent) servers() []string {
	var alive, failed []string
	for _, m := range a.lan.Members() {
		switch {
		case !m.Server || !m.RPC.IsValid():
		case m.Status == gossip.Alive:
			alive = append(alive, m.RPC.String())
		case m.Status == gossip.Failed:
			failed = append(failed, m.RPC.String())
		}
	}
	if len(alive) == 0 {
		return failed
	}
	return alive
}

// nameOf returns the name of the member with an id, "" if there is none.
func (a *Agent) nameOf(id string) string {
	if m := a.memberByID(id); m != nil {
		return m.Name
	}
	return ""
}

func (a *Agent) memberByID(id string) *gossip.Member {
	for _, m := range a.lan.Members() {
		if m.ID == id {
			return &m
		}
	}
	return nil
}

// whereabouts returns the server port of the server with an id, "" if gossip does not hear it.
func (a *Agent) whereabouts(id string) string {
	m, known := a.lan.Holder(id)
	if !known || !m.Server || m.Status != gossip.Alive {
		return ""
	}
	return m.RPC.String()
}

// leaderOfView is who leads as far as a client knows. What it knows comes from its
// view, which tells of no change by itself.
func (a *Agent) leaderOfView() (string, <-chan struct{}) {
	return a.view.Status().Leader, a.lan.Changed()
}

// isLeader reports whether this agent leads.
func (a *Agent) isLeader() bool { return a.replica != nil && a.replica.IsLeader() }

// ready reports whether this agent has a catalog to answer from.
func (a *Agent) ready() bool {
	if a.replica != nil {
		return a.replica.Ready()
	}
	return a.view.Status().Ready
}

// age is how long ago this agent's catalog was last known to be current.
func (a *Agent) age() time.Duration {
	if a.replica == nil {
		return a.view.Status().Age
	}
	if a.replica.IsLeader() {
		return 0
	}
	return a.replica.LastContact()
}

// behind is by how many entries this agent's catalog is behind the leader's, as far as it has heard.
func (a *Agent) behind() uint64 {
	if a.replica == nil {
		return a.view.Status().Behind
	}
	return a.replica.Behind()
}

// datacenters returns the names of all known datacenters, this one first.
func (a *Agent) datacenters() []string {
	own := a.config().Datacenter
	names := []string{own}
	know := func(name string) {
		if name = catalog.Fold(name); name != catalog.Fold(own) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	switch {
	case a.wan != nil:
		for _, m := range a.wan.Members() {
			if m.Status != gossip.Left {
				know(m.Datacenter)
			}
		}
	case a.replica == nil:
		for _, m := range a.lan.Members() {
			if m.Server && m.Status != gossip.Left {
				for _, name := range strings.Fields(m.Tags[tagDatacenters]) {
					know(name)
				}
			}
		}
	}
	slices.SortFunc(names[1:], cmp.Compare[string])
	return names
}

// remoteServers returns the server ports of another datacenter's servers that gossip
// thinks alive. Servers alone know; clients follow other datacenters through theirs.
func (a *Agent) remoteServers(dc string) []string {
	if a.wan == nil {
		return nil
	}
	var out []string
	for _, m := range a.wan.Members() {
		if m.Server && m.Status == gossip.Alive && m.RPC.IsValid() && catalog.EqualFold(m.Datacenter, dc) {
			out = append(out, m.RPC.String())
		}
	}
	return out
}
