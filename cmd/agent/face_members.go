package agent

import (
	"context"
	"errors"
	"net"
	"strconv"

	"muster/catalog"
	"muster/catalog/httpapi"
	"muster/consensus/gossip"
)

// protocolVersion is what agents that run together must agree on.
const protocolVersion = "1"

// pool returns a gossip pool of this agent.
func (f *face) pool(wan bool) (*gossip.Pool, error) {
	switch {
	case !wan:
		return f.lan, nil
	case f.wan == nil:
		return nil, catalog.Errorf(catalog.Invalid, "this agent is in no WAN pool: ask a server that has a serf_wan port")
	}
	return f.wan, nil
}

// Members implements httpapi.Agent.
func (f *face) Members(wan bool) ([]httpapi.Member, error) {
	pool, err := f.pool(wan)
	if err != nil {
		return nil, err
	}
	var out []httpapi.Member
	for _, m := range pool.Members() {
		out = append(out, shownMember(&m))
	}
	return out, nil
}

// shownMember is a member with the tags that Consul's clients look for.
func shownMember(m *gossip.Member) httpapi.Member {
	tags := map[string]string{"role": "node", "dc": m.Datacenter, "id": m.ID, "build": m.Build, "vsn": protocolVersion, "acls": "0"}
	if m.Server {
		tags["role"] = "consul"
		tags["port"] = strconv.Itoa(int(m.RPC.Port()))
		if m.Expect > 0 {
			tags["expect"] = strconv.Itoa(m.Expect)
		}
		if _, port, err := net.SplitHostPort(m.Tags[tagWAN]); err == nil {
			tags["wan_join_port"] = port
		}
	}
	return httpapi.Member{
		Name: m.Name, Address: m.Addr.String(), Port: m.Port, Status: memberStatus[m.Status], Tags: tags,
	}
}

var memberStatus = map[gossip.Status]httpapi.MemberStatus{
	gossip.Alive: httpapi.MemberAlive, gossip.Leaving: httpapi.MemberLeaving,
	gossip.Left: httpapi.MemberLeft, gossip.Failed: httpapi.MemberFailed,
}

// Join implements httpapi.Agent.
func (f *face) Join(ctx context.Context, address string, wan bool) error {
	pool, err := f.pool(wan)
	if err != nil {
		return err
	}
	switch _, err := pool.Join(ctx, []string{address}); {
	case err == nil, errors.Is(err, gossip.ErrOnlySelf): // it has met itself, as Consul's agents do
		return nil
	default:
		return catalog.Errorf(catalog.Unavailable, "join %s: %w", address, err)
	}
}

// ForceLeave implements httpapi.Agent. In the WAN pool it knows servers as NODE.DC.
func (f *face) ForceLeave(_ context.Context, name string, prune, wan bool) error {
	pool, err := f.pool(wan)
	if err != nil {
		return err
	}
	err = pool.ForceLeave(name, prune)
	if errors.Is(err, gossip.ErrUnknownMember) {
		return catalog.Errorf(catalog.NotFound, "no member is named %q", name)
	}
	return err
}
