package httpapi

import (
	"context"
	"net/http"
	"net/url"
)

// ClientNodeServices is a node with its instances by id.
type ClientNodeServices struct {
	Node     *Node
	Services map[string]NodeService
}

// clientGet reads path and the name behind it.
func clientGet[T any](ctx context.Context, c *Client, path, name string, query url.Values) (T, error) {
	var out T
	err := c.decode(ctx, clientCall{method: http.MethodGet, path: path, name: name, query: query}, &out)
	return out, err
}

// Datacenters returns the names of the known datacenters, the nearest first.
func (c *Client) Datacenters(ctx context.Context, q ClientQuery) ([]string, error) {
	return clientGet[[]string](ctx, c, "/v1/catalog/datacenters", "", q.values())
}

// Nodes returns the nodes of the catalog.
func (c *Client) Nodes(ctx context.Context, q ClientQuery) ([]Node, error) {
	return clientGet[[]Node](ctx, c, "/v1/catalog/nodes", "", q.values())
}

// NodesOf returns the nodes that carry an instance of a service, each once and without its indexes.
func (c *Client) NodesOf(ctx context.Context, service string, q ClientQuery) ([]Node, error) {
	rows, err := clientGet[[]CatalogService](ctx, c, "/v1/catalog/service/", service, q.values())
	if err != nil {
		return nil, err
	}
	out := []Node{}
	seen := map[string]bool{}
	for _, r := range rows {
		if !seen[r.Node] {
			seen[r.Node] = true
			out = append(out, Node{
				ID: r.ID, Node: r.Node, Address: r.Address, Datacenter: r.Datacenter,
				TaggedAddresses: r.TaggedAddresses, Meta: r.NodeMeta,
			})
		}
	}
	return out, nil
}

// Services returns the names of all services, each with the tags of all its instances.
func (c *Client) Services(ctx context.Context, q ClientQuery) (map[string][]string, error) {
	return clientGet[map[string][]string](ctx, c, "/v1/catalog/services", "", q.values())
}

// NodeServices returns a node with its instances; nil when there is no such node.
func (c *Client) NodeServices(ctx context.Context, node string, q ClientQuery) (*ClientNodeServices, error) {
	// Consul answers null for a node that does not exist.
	out, err := clientGet[*ClientNodeServices](ctx, c, "/v1/catalog/node/", node, q.values())
	if ClientNotFound(err) {
		return nil, nil
	}
	return out, err
}

// Health returns the instances of a service; with passing those alone that no check speaks against.
func (c *Client) Health(ctx context.Context, service string, passing bool, q ClientQuery) ([]ServiceEntry, error) {
	query := q.values()
	if passing {
		query.Set("passing", "")
	}
	return clientGet[[]ServiceEntry](ctx, c, "/v1/health/service/", service, query)
}

// Leader returns the raft leader as host:port, empty when none is known.
func (c *Client) Leader(ctx context.Context) (string, error) {
	return clientGet[string](ctx, c, "/v1/status/leader", "", nil)
}

// Peers returns the raft members as host:port.
func (c *Client) Peers(ctx context.Context) ([]string, error) {
	return clientGet[[]string](ctx, c, "/v1/status/peers", "", nil)
}
