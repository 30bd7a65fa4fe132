package agent

import (
	"cmp"
	"slices"

	"muster/catalog"
	"muster/consensus"
	"muster/consensus/gossip"
)

// raft compares the server members with the raft configuration.
func (s *situation) raft(d *deeds) {
	byID := map[string]*gossip.Member{}
	for i := range s.members {
		if m := &s.members[i]; m.Server && catalog.EqualFold(m.Datacenter, s.datacenter) {
			byID[catalog.Fold(m.ID)] = m
		}
	}
	in := map[string]*consensus.Server{}
	for i := range s.servers {
		in[catalog.Fold(s.servers[i].ID)] = &s.servers[i]
	}
	for _, m := range byID {
		if m.Status == gossip.Alive {
			s.welcome(d, m, in[catalog.Fold(m.ID)])
		}
	}
	slices.SortFunc(d.put, func(a, b consensus.Server) int { return cmp.Compare(a.ID, b.ID) })
	s.partings(d, byID)
}

// welcome adds an alive server to raft, first without a vote, moves one whose
// address has changed, and gives a vote to one that has proved itself.
func (s *situation) welcome(d *deeds, m *gossip.Member, in *consensus.Server) {
	address := m.RPC.String()
	if in == nil {
		// A server that lost its disk comes back under another id at the same address.
		for _, old := range s.servers {
			if old.Address == address {
				d.remove = append(d.remove, old.ID)
			}
		}
		d.put = append(d.put, consensus.Server{ID: m.ID, Address: address})
		d.wait = true
		return
	}
	promote := false
	if !in.Voter {
		since, healthy := s.healthy[in.ID]
		promote = healthy && s.now.Sub(since) >= s.autopilot.ServerStabilizationTime
		d.wait = true
	}
	if promote || in.Address != address {
		d.put = append(d.put, consensus.Server{ID: in.ID, Address: address, Voter: in.Voter || promote})
	}
}

// partings removes servers from raft that left, and those that failed once there is no need of them.
func (s *situation) partings(d *deeds, members map[string]*gossip.Member) {
	var failed []consensus.Server
	alive := 0
	for _, r := range s.servers {
		m := members[catalog.Fold(r.ID)]
		switch {
		case slices.Contains(d.remove, r.ID):
		case r.ID == s.self, m != nil && m.Status == gossip.Alive:
			if r.Voter {
				alive++
			}
		case m != nil && m.Status == gossip.Left:
			d.remove = append(d.remove, r.ID)
		case m == nil || m.Status == gossip.Failed:
			failed = append(failed, r)
		}
	}
	if len(failed) == 0 {
		return
	}
	d.wait = true
	least := max(s.expect, int(s.autopilot.MinQuorum), 1)
	if !s.autopilot.CleanupDeadServers || alive < least || len(d.remove) > 0 {
		return
	}
	for _, r := range failed {
		since, noted := s.missing[r.ID]
		if m := members[catalog.Fold(r.ID)]; m != nil {
			since, noted = m.Since, true
		}
		if noted && s.now.Sub(since) >= max(s.autopilot.ServerStabilizationTime, missingIsFailed) {
			d.remove = append(d.remove, r.ID)
			return // one at a time: each is looked at with the rest as it then is
		}
	}
}
