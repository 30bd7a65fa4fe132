package httpapi

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Self returns what the agent tells of itself.
func (c *Client) Self(ctx context.Context) (*AgentSelf, error) {
	return clientGet[*AgentSelf](ctx, c, "/v1/agent/self", "", nil)
}

// Host returns what the machine is like that the agent runs on.
func (c *Client) Host(ctx context.Context) (*AgentHost, error) {
	return clientGet[*AgentHost](ctx, c, "/v1/agent/host", "", nil)
}

// AgentServices returns the instances registered at this agent by id.
func (c *Client) AgentServices(ctx context.Context, q ClientQuery) (map[string]AgentService, error) {
	return clientGet[map[string]AgentService](ctx, c, "/v1/agent/services", "", q.values())
}

// AgentChecks returns the checks registered at this agent by id.
func (c *Client) AgentChecks(ctx context.Context, q ClientQuery) (map[string]HealthCheck, error) {
	return clientGet[map[string]HealthCheck](ctx, c, "/v1/agent/checks", "", q.values())
}

// AgentStandings returns what the agent itself knows of its checks, in the order of their ids.
func (c *Client) AgentStandings(ctx context.Context, filter string) ([]CheckStanding, error) {
	query := url.Values{}
	if filter != "" {
		query.Set("filter", filter)
	}
	return clientGet[[]CheckStanding](ctx, c, "/v1/agent/checks/standing", "", query)
}

func (c *Client) put(ctx context.Context, path, name string, query url.Values, body []byte) (string, error) {
	answer, err := c.call(ctx, clientCall{method: http.MethodPut, path: path, name: name, query: query, body: body})
	return strings.TrimSpace(string(answer)), err
}

// DeregisterService removes an instance of this agent by its id.
func (c *Client) DeregisterService(ctx context.Context, id string) error {
	_, err := c.put(ctx, "/v1/agent/service/deregister/", id, nil, nil)
	return err
}

// SetMaintenance turns maintenance of an instance of this agent, or with an empty
// id of its node, on or off. The reason is for people and may be empty. It ends by
// itself after the time it lasts, with 0 never.
func (c *Client) SetMaintenance(ctx context.Context, serviceID string, on bool, reason string, lasts time.Duration) error {
	query := url.Values{"enable": {strconv.FormatBool(on)}}
	if reason != "" {
		query.Set("reason", reason)
	}
	if lasts > 0 {
		query.Set("expires", lasts.String())
	}
	path := "/v1/agent/maintenance"
	if serviceID != "" {
		path = "/v1/agent/service/maintenance/"
	}
	_, err := c.put(ctx, path, serviceID, query, nil)
	return err
}

// Drain takes an instance of this agent, or with an empty id its node, out of answers. It
// returns how long answers from before may still be held by others.
func (c *Client) Drain(ctx context.Context, serviceID, reason string) (wait time.Duration, err error) {
	query := url.Values{}
	if serviceID != "" {
		query.Set("service", serviceID)
	}
	if reason != "" {
		query.Set("reason", reason)
	}
	var out Drained
	call := clientCall{method: http.MethodPut, path: "/v1/agent/drain", query: query}
	if err := c.decode(ctx, call, &out); err != nil {
		return 0, err
	}
	if wait, err = time.ParseDuration(out.Wait); err != nil {
		return 0, fmt.Errorf("drain: the agent answered with a wait of %.40q: %w", out.Wait, err)
	}
	return wait, nil
}

// Reload makes the agent read its configuration again. It returns what changed
// in words, empty when the agent does not say.
func (c *Client) Reload(ctx context.Context) (string, error) {
	return c.put(ctx, "/v1/agent/reload", "", nil, nil)
}

// Leave makes the agent leave the cluster and stop.
func (c *Client) Leave(ctx context.Context) error {
	_, err := c.put(ctx, "/v1/agent/leave", "", nil, nil)
	return err
}

// Metrics returns the agent's metrics in Prometheus' text format.
func (c *Client) Metrics(ctx context.Context) ([]byte, error) {
	return c.call(ctx, clientCall{method: http.MethodGet, path: "/v1/agent/metrics", query: url.Values{"format": {"prometheus"}}})
}

// Monitor streams the agent's log from a level upwards, as JSON lines when asked.
// The stream lasts until ctx ends or the caller closes it.
func (c *Client) Monitor(ctx context.Context, level string, asJSON bool) (io.ReadCloser, error) {
	query := url.Values{"loglevel": {level}}
	if asJSON {
		query.Set("logjson", "true")
	}
	resp, err := c.send(ctx, clientCall{method: http.MethodGet, path: "/v1/agent/monitor", query: query})
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}
