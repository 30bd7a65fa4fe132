package agent

import (
	"context"
	"strconv"

	"muster/catalog"
	"muster/catalog/httpapi"
)

// steward is an agent as the administration of the cluster sees it: a server that is alone.
type steward Agent

// RaftServers implements httpapi.Operator.
func (s *steward) RaftServers() ([]httpapi.RaftServer, uint64, error) {
	last, err := strconv.ParseUint(s.replica.Stats()["last_log_index"], 10, 64)
	if err != nil {
		return nil, 0, catalog.Errorf(catalog.Unavailable, "raft is not running")
	}
	return []httpapi.RaftServer{{
		ID: s.id, Name: s.cfg.Load().NodeName, Address: s.raftAddr.String(),
		Leader: s.replica.IsLeader(), Voter: true, LastIndex: last,
	}}, 1, nil
}

// RemoveServer implements httpapi.Operator.
func (s *steward) RemoveServer(context.Context, string) error {
	return catalog.Errorf(catalog.Invalid, "this server runs alone, there is no other to remove")
}

// TransferLeader implements httpapi.Operator.
func (s *steward) TransferLeader(context.Context, string) error {
	return catalog.Errorf(catalog.Invalid, "this server runs alone, there is no other to lead")
}

// Health implements httpapi.Operator.
func (s *steward) Health() ([]httpapi.ServerHealth, error) {
	servers, _, err := s.RaftServers()
	if err != nil {
		return nil, err
	}
	if !servers[0].Leader {
		return nil, catalog.Errorf(catalog.Unavailable, "no leader")
	}
	term, err := strconv.ParseUint(s.replica.Stats()["term"], 10, 64)
	if err != nil {
		return nil, catalog.Errorf(catalog.Unavailable, "raft is not running")
	}
	return []httpapi.ServerHealth{{
		ID: s.id, Name: servers[0].Name, Address: servers[0].Address, Status: httpapi.MemberAlive, Version: s.opts.Version,
		Leader: true, Voter: true, Healthy: true, LastTerm: term, LastIndex: servers[0].LastIndex, StableSince: s.started,
	}}, nil
}

// Keys implements httpapi.Operator.
func (s *steward) Keys(context.Context, bool) ([]httpapi.KeyRing, error) { return nil, errNoGossip }

// InstallKey implements httpapi.Operator.
func (s *steward) InstallKey(context.Context, string) error { return errNoGossip }

// UseKey implements httpapi.Operator.
func (s *steward) UseKey(context.Context, string) error { return errNoGossip }

// RemoveKey implements httpapi.Operator.
func (s *steward) RemoveKey(context.Context, string) error { return errNoGossip }

var errNoGossip = catalog.Errorf(catalog.Invalid, "keyring: this server runs alone, without gossip")
