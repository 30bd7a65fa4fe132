package httpapi

import (
	"context"
	"net/url"
)

// Members returns the members the agent knows of, of the WAN pool when wan is set,
// that a go-bexpr filter keeps; an empty one keeps all.
func (c *Client) Members(ctx context.Context, wan bool, filter string) ([]AgentMember, error) {
	query := ClientQuery{Filter: filter}.values()
	setFlag(query, "wan", wan)
	return clientGet[[]AgentMember](ctx, c, "/v1/agent/members", "", query)
}

// Join makes the agent known to the cluster of a member, with wan to another datacenter.
func (c *Client) Join(ctx context.Context, address string, wan bool) error {
	query := url.Values{}
	setFlag(query, "wan", wan)
	_, err := c.put(ctx, "/v1/agent/join/", address, query, nil)
	return err
}

// ForceLeave has a failed member count as left, with prune be forgotten at once.
func (c *Client) ForceLeave(ctx context.Context, node string, prune, wan bool) error {
	query := url.Values{}
	setFlag(query, "prune", prune)
	setFlag(query, "wan", wan)
	_, err := c.put(ctx, "/v1/agent/force-leave/", node, query, nil)
	return err
}

// setFlag adds a parameter when it is on.
func setFlag(query url.Values, name string, on bool) {
	if on {
		query.Set(name, "1")
	}
}
