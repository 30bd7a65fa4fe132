package httpapi

import (
	"context"
	"net/http"
	"net/url"
)

// ClientEvent is an event to fire, and whom it means. Filters are regular expressions; empty: any.
type ClientEvent struct {
	Name       string
	Payload    []byte // at most 4 KiB
	Node       string // filter of node names
	Service    string // filter of the services of a node
	Tag        string // filter of these services' tags; needs Service
	Datacenter string // empty: the agent's own
}

// FireEvent fires an event and returns it, with its id.
func (c *Client) FireEvent(ctx context.Context, e ClientEvent) (*Event, error) {
	query := url.Values{}
	for param, value := range map[string]string{"node": e.Node, "service": e.Service, "tag": e.Tag, "dc": e.Datacenter} {
		if value != "" {
			query.Set(param, value)
		}
	}
	out := &Event{}
	err := c.decode(ctx, clientCall{method: http.MethodPut, path: "/v1/event/fire/", name: e.Name, query: query, body: e.Payload}, out)
	return out, err
}
