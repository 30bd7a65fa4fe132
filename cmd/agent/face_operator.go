package agent

import (
	"context"
	"encoding/base64"
	"errors"
	"time"

	"muster/catalog"
	"muster/catalog/httpapi"
	"muster/consensus/gossip"
)

// operator is an agent as the one who administers its cluster.
type operator Agent

// RaftServers implements httpapi.Operator.
func (o *operator) RaftServers() ([]httpapi.RaftServer, uint64, error) {
	a := (*Agent)(o)
	if a.replica == nil {
		return nil, 0, errOnlyServers
	}
	var out []httpapi.RaftServer
	index := a.replica.ServersIndex()
	for _, s := range a.replica.Servers() {
		shown := httpapi.RaftServer{ID: s.ID, Name: a.nameOf(s.ID), Address: s.Address, Leader: s.Leader, Voter: s.Voter}
		if s.ID == a.id {
			shown.LastIndex = a.replica.LastIndex()
		} else if k, known := a.leader.checkups.of(s.ID); known {
			shown.LastIndex = k.LastIndex
		}
		out = append(out, shown)
	}
	return out, index, nil
}

var errOnlyServers = catalog.Errorf(catalog.Invalid, "this agent is a client; servers alone know of raft")

// RemoveServer implements httpapi.Operator.
func (o *operator) RemoveServer(ctx context.Context, id string) error {
	if o.replica == nil {
		return errOnlyServers
	}
	return o.replica.RemoveServer(ctx, id)
}

// TransferLeader implements httpapi.Operator.
func (o *operator) TransferLeader(ctx context.Context, id string) error {
	if o.replica == nil {
		return errOnlyServers
	}
	return o.replica.TransferLeadership(ctx, id)
}

// Health implements httpapi.Operator.
func (o *operator) Health() ([]httpapi.ServerHealth, error) {
	a := (*Agent)(o)
	if !a.isLeader() {
		return nil, catalog.Errorf(catalog.Unavailable, "only the leader knows how all servers do")
	}
	var out []httpapi.ServerHealth
	for _, s := range a.replica.Servers() {
		h := httpapi.ServerHealth{ID: s.ID, Address: s.Address, Leader: s.Leader, Voter: s.Voter, Status: httpapi.MemberNone, LastContact: -1}
		if m := a.memberByID(s.ID); m != nil {
			h.Name, h.Version, h.Status = m.Name, m.Build, memberStatus[m.Status]
		}
		if k, known := a.leader.checkups.of(s.ID); known {
			h.Healthy, h.StableSince = k.healthy, k.since
			h.LastContact, h.LastTerm, h.LastIndex = k.LastContact, k.Term, k.LastIndex
		}
		out = append(out, h)
	}
	return out, nil
}

// keyTime bounds how long members may take to answer for their keys.
const keyTime = 10 * time.Second

// Keys implements httpapi.Operator.
func (o *operator) Keys(ctx context.Context, localOnly bool) ([]httpapi.KeyRing, error) {
	a := (*Agent)(o)
	ctx, cancel := context.WithTimeout(ctx, keyTime)
	defer cancel()
	var out []httpapi.KeyRing
	for _, pool := range a.pools(localOnly) {
		r, err := pool.ListKeys(ctx)
		if r.Members == 0 && err != nil {
			return nil, keyError(err)
		}
		out = append(out, httpapi.KeyRing{
			WAN: pool == a.wan, Datacenter: a.config().Datacenter,
			Messages: r.Errors, Keys: r.Keys, Primary: r.Primary, Members: r.Members,
		})
	}
	return out, nil
}

func (a *Agent) pools(localOnly bool) []*gossip.Pool {
	if localOnly || a.wan == nil {
		return []*gossip.Pool{a.lan}
	}
	return []*gossip.Pool{a.wan, a.lan}
}

// InstallKey implements httpapi.Operator.
func (o *operator) InstallKey(ctx context.Context, key string) error {
	return o.onRings(ctx, key, (*gossip.Pool).InstallKey)
}

// UseKey implements httpapi.Operator.
func (o *operator) UseKey(ctx context.Context, key string) error {
	return o.onRings(ctx, key, (*gossip.Pool).UseKey)
}

// RemoveKey implements httpapi.Operator.
func (o *operator) RemoveKey(ctx context.Context, key string) error {
	return o.onRings(ctx, key, (*gossip.Pool).RemoveKey)
}

func (o *operator) onRings(ctx context.Context, key string, do func(*gossip.Pool, context.Context, []byte) (gossip.KeyReport, error)) error {
	raw, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		return catalog.Errorf(catalog.Invalid, "Key: not base64")
	}
	ctx, cancel := context.WithTimeout(ctx, keyTime)
	defer cancel()
	for _, pool := range (*Agent)(o).pools(false) {
		if _, err := do(pool, ctx, raw); err != nil {
			return keyError(err)
		}
	}
	return nil
}

// keyError gives an error of the keyring its code.
func keyError(err error) error {
	if errors.Is(err, gossip.ErrNotEncrypted) {
		return catalog.Errorf(catalog.Invalid, "%w: no agent was started with a key (encrypt)", err)
	}
	return catalog.Errorf(catalog.Internal, "keyring: %w", err)
}
