package agent

import (
	"maps"
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
	claims := map[string]int{} // of addresses
	for _, m := range byID {
		if m.Status == gossip.Alive {
			claims[m.RPC.String()]++
		}
	}
	listed := slices.Clone(s.servers) // as the deeds change them
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		m := byID[id]
		switch {
		case m.Status != gossip.Alive:
		case claims[m.RPC.String()] > 1:
			d.wait = true // one of them has gone from there, and gossip is about to find out
		default:
			s.welcome(d, m, listed, byID)
		}
	}
	s.partings(d, byID)
}

// welcome adds an alive server to raft, first without a vote, moves one whose
// address has changed, and gives a vote to one that has proved itself.
func (s *situation) welcome(d *deeds, m *gossip.Member, listed []consensus.Server, members map[string]*gossip.Member) {
	address := m.RPC.String()
	var in *consensus.Server
	for i := range listed {
		if catalog.EqualFold(listed[i].ID, m.ID) {
			in = &listed[i]
		}
	}
	s.vacate(d, address, in, listed, members)
	if in == nil {
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
		in.Address, in.Voter = address, in.Voter || promote
		d.put = append(d.put, *in)
	}
}

// vacate makes room at the address of a server for it, listed as in, or nil if raft has
// not got it. Who is listed there is elsewhere.
func (s *situation) vacate(d *deeds, address string, in *consensus.Server, listed []consensus.Server, members map[string]*gossip.Member) {
	for i := range listed {
		old := &listed[i]
		if old == in || old.Address != address {
			continue
		}
		if m := members[catalog.Fold(old.ID)]; in == nil && (m == nil || m.Status != gossip.Alive) {
			d.remove = append(d.remove, old.ID) // it lost its disk, and came back under another id
			continue
		}
		old.Address = consensus.Nowhere(old.ID)
		d.put = append(d.put, *old)
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
		m := members[catalog.Fold(r.ID)]
		if m != nil {
			since, noted = m.Since, true
		}
		if noted && s.now.Sub(since) >= max(s.autopilot.ServerStabilizationTime, missingIsFailed) {
			d.remove = append(d.remove, r.ID)
			if m != nil {
				d.expel = append(d.expel, m.Name)
			}
			return // one at a time: each is looked at with the rest as it then is
		}
	}
}
