package httpapi

import (
	"context"
	"encoding/json"
	"fmt"

	"muster/catalog"
)

// ClientService is a service as its owner states it.
type ClientService = catalog.ServiceDefinition

// RegisterService adds a service at the agent or replaces the one with its id.
// Checks that it had and def lacks stay, as with Consul's clients.
func (c *Client) RegisterService(ctx context.Context, def ClientService) error {
	// The field names are keys of the API but for case and underscores, zero
	// values mean there what they mean here, and durations may be nanoseconds.
	body, err := json.Marshal(def)
	if err != nil {
		return fmt.Errorf("encode service %q: %w", def.Name, err)
	}
	_, err = c.put(ctx, "/v1/agent/service/register", "", nil, body)
	return err
}
