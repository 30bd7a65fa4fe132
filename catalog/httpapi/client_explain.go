package httpapi

import (
	"context"
	"net/url"
)

// Explain returns what the agent's DNS server answers to a question, and why. With an
// empty type it asks for A.
func (c *Client) Explain(ctx context.Context, name, qtype string, tcp bool) (*Explanation, error) {
	query := url.Values{"name": {name}}
	if qtype != "" {
		query.Set("type", qtype)
	}
	if tcp {
		query.Set("tcp", "")
	}
	return clientGet[*Explanation](ctx, c, "/v1/dns/explain", "", query)
}
