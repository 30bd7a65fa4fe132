package agent

import (
	"time"

	"muster/catalog"
	"muster/consensus"
	"muster/consensus/gossip"
)

// situation is all that the leader looks at when it decides what to do about its
// cluster. Deciding changes nothing.
type situation struct {
	datacenter string
	self       string // the leader's node id
	expect     int    // bootstrap_expect; the cluster is not shrunk below it
	now        time.Time

	members   []gossip.Member
	servers   []consensus.Server // of the raft configuration
	catalog   *catalog.Snapshot
	autopilot catalog.Autopilot
	initial   catalog.Autopilot // what autopilot's settings are to be until somebody sets others
	lineage   catalog.Lineage   // at random, should the catalog need a name
	// healthy says since when a server, by node id, has been alive and close behind
	// the leader. Who is not listed is not.
	healthy map[string]time.Time
	// missing says since when nobody has heard of a node, by name, or of a raft
	// server, by id, that ought to be a member.
	missing map[string]time.Time
}

// deeds are what a situation calls for, to be done in this order.
type deeds struct {
	commands []catalog.Command  // the catalog's rows
	expel    []string           // members that are given up, by name: gossip is told that they left
	remove   []string           // raft servers, by id
	put      []consensus.Server // raft servers to add, to move or to promote
	// wait is set when time alone will call for more.
	wait bool
}

const (
	// missingIsFailed is how long a node may be unknown to gossip before it counts as failed. A
	// leader that was just started has not met everybody yet.
	missingIsFailed = 10 * time.Second
	// missingIsGone is how long until its rows go. Members that failed are known for far longer.
	missingIsGone = 10 * time.Minute
)

// decide compares the members that gossip knows with the catalog and with raft.
func (s *situation) decide() deeds {
	var d deeds
	if s.catalog.Lineage() == (catalog.Lineage{}) {
		d.commands = append(d.commands, &catalog.SetLineage{Lineage: s.lineage})
	}
	if s.autopilot.ModifyIndex == 0 && s.autopilot != s.initial {
		d.commands = append(d.commands, &catalog.SetAutopilot{Config: s.initial, CAS: true})
	}
	members := map[string]*gossip.Member{} // by folded name
	for i := range s.members {
		if m := &s.members[i]; catalog.EqualFold(m.Datacenter, s.datacenter) {
			members[catalog.Fold(m.Name)] = m
		}
	}
	for _, m := range s.members {
		if members[catalog.Fold(m.Name)] != nil {
			d.commands = append(d.commands, s.rows(&m)...)
		}
	}
	s.unknownNodes(&d, members)
	s.raft(&d)
	return d
}
