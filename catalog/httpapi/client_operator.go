package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

const (
	clientRaftPeer        = "/v1/operator/raft/peer"
	clientAutopilotConfig = "/v1/operator/autopilot/configuration"
)

// RaftConfiguration returns who takes part in raft.
func (c *Client) RaftConfiguration(ctx context.Context, q ClientQuery) (*RaftConfiguration, error) {
	return clientGet[*RaftConfiguration](ctx, c, "/v1/operator/raft/configuration", "", q.values())
}

// RemoveRaftPeerByID takes the server with an id out of the raft configuration. An
// empty datacenter is the agent's own.
func (c *Client) RemoveRaftPeerByID(ctx context.Context, id, datacenter string) error {
	return c.removeRaftPeer(ctx, "id", id, datacenter)
}

// RemoveRaftPeerAt takes the server at a host:port out of the raft configuration.
func (c *Client) RemoveRaftPeerAt(ctx context.Context, address, datacenter string) error {
	return c.removeRaftPeer(ctx, "address", address, datacenter)
}

func (c *Client) removeRaftPeer(ctx context.Context, by, value, datacenter string) error {
	query := ClientQuery{Datacenter: datacenter}.values()
	query.Set(by, value)
	_, err := c.call(ctx, clientCall{method: http.MethodDelete, path: clientRaftPeer, query: query})
	return err
}

// TransferLeader hands leadership to the server with an id, with "" to the fittest.
func (c *Client) TransferLeader(ctx context.Context, id, datacenter string) error {
	query := ClientQuery{Datacenter: datacenter}.values()
	if id != "" {
		query.Set("id", id)
	}
	var out RaftTransfer
	err := c.decode(ctx, clientCall{method: http.MethodPost, path: "/v1/operator/raft/transfer-leader", query: query}, &out)
	if err == nil && !out.Success {
		err = fmt.Errorf("the leader did not hand over; nothing has changed, try again")
	}
	return err
}

// AutopilotConfig returns how the leader looks after the servers.
func (c *Client) AutopilotConfig(ctx context.Context, q ClientQuery) (*AutopilotConfig, error) {
	return clientGet[*AutopilotConfig](ctx, c, clientAutopilotConfig, "", q.values())
}

// SetAutopilotConfig replaces the settings unless somebody else has since they were
// read; false means that they have.
func (c *Client) SetAutopilotConfig(ctx context.Context, cfg *AutopilotConfig, datacenter string) (bool, error) {
	body, err := json.Marshal(cfg)
	if err != nil {
		return false, fmt.Errorf("encode autopilot settings: %w", err)
	}
	query := ClientQuery{Datacenter: datacenter}.values()
	query.Set("cas", strconv.FormatUint(cfg.ModifyIndex, 10))
	var written bool
	err = c.decode(ctx, clientCall{method: http.MethodPut, path: clientAutopilotConfig, query: query, body: body}, &written)
	return written, err
}

// AutopilotHealth returns the health of the servers; that some are ill is no error.
func (c *Client) AutopilotHealth(ctx context.Context, q ClientQuery) (*AutopilotHealth, error) {
	var out AutopilotHealth
	err := c.decode(ctx, clientCall{
		method: http.MethodGet, path: "/v1/operator/autopilot/health", query: q.values(), also: http.StatusTooManyRequests,
	}, &out)
	return &out, err
}

// AutopilotState returns the servers and what the leader knows of each.
func (c *Client) AutopilotState(ctx context.Context, q ClientQuery) (*AutopilotState, error) {
	return clientGet[*AutopilotState](ctx, c, "/v1/operator/autopilot/state", "", q.values())
}

// Usage returns the size of a datacenter by its name.
func (c *Client) Usage(ctx context.Context, q ClientQuery) (*Usage, error) {
	return clientGet[*Usage](ctx, c, "/v1/operator/usage", "", q.values())
}

// Brakes returns the services of which failing instances are kept in answers, or
// would be had no operator lifted their brakes.
func (c *Client) Brakes(ctx context.Context, q ClientQuery) ([]Brake, error) {
	return clientGet[[]Brake](ctx, c, "/v1/operator/brakes", "", q.values())
}

// LiftBrake has answers leave out the failing instances of a braked service.
func (c *Client) LiftBrake(ctx context.Context, service, datacenter string) error {
	query := ClientQuery{Datacenter: datacenter}.values()
	query.Set("service", service)
	_, err := c.put(ctx, "/v1/operator/brake/lift", "", query, nil)
	return err
}

// ClientKeyring is how a request about gossip keys is spread.
type ClientKeyring struct {
	RelayFactor int  // for Consul's agents, 0..5; muster's have no use for it
	LocalOnly   bool // ask no other datacenter; for listing alone
}

func (k ClientKeyring) values() url.Values {
	v := url.Values{}
	if k.RelayFactor != 0 {
		v.Set("relay-factor", strconv.Itoa(k.RelayFactor))
	}
	setFlag(v, "local-only", k.LocalOnly)
	return v
}

// GossipKeys tells how the gossip keys are spread over the members of each pool.
func (c *Client) GossipKeys(ctx context.Context, k ClientKeyring) ([]Keyring, error) {
	return clientGet[[]Keyring](ctx, c, clientKeyring, "", k.values())
}

const clientKeyring = "/v1/operator/keyring"

// InstallKey gives all members a further key.
func (c *Client) InstallKey(ctx context.Context, key string, k ClientKeyring) error {
	return c.changeKeys(ctx, http.MethodPost, key, k)
}

// UseKey makes all members encrypt with a key they hold.
func (c *Client) UseKey(ctx context.Context, key string, k ClientKeyring) error {
	return c.changeKeys(ctx, http.MethodPut, key, k)
}

// RemoveKey makes all members forget a key that is not in use.
func (c *Client) RemoveKey(ctx context.Context, key string, k ClientKeyring) error {
	return c.changeKeys(ctx, http.MethodDelete, key, k)
}

func (c *Client) changeKeys(ctx context.Context, method, key string, k ClientKeyring) error {
	body, err := json.Marshal(struct{ Key string }{key})
	if err != nil {
		return fmt.Errorf("encode key: %w", err)
	}
	_, err = c.call(ctx, clientCall{method: method, path: clientKeyring, query: k.values(), body: body})
	return err
}
