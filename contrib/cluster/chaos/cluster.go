//go:build linux

package main

import (
	"context"
	"fmt"
	"time"

	"muster/contrib/cluster/fleet"
)

// cluster is what is broken.
type cluster struct{ *fleet.Cluster }

const (
	steady = "api.service.consul"    // always there
	mortal = "mortal.service.consul" // on the last client only
)

// populate registers what the questions are about.
func (c *cluster) populate(ctx context.Context) error {
	err := fleet.Await(ctx, func(ctx context.Context) error {
		err := c.Call(ctx, c.Agents[0], "PUT", "/v1/catalog/register", map[string]any{
			"Node": "outside", "Address": "192.0.2.1", "Service": map[string]any{"Service": "api", "Port": 80},
		}, nil)
		if err != nil {
			return err
		}
		return c.Call(ctx, c.Last(), "PUT", "/v1/agent/service/register", map[string]any{"Name": "mortal", "Port": 80}, nil)
	})
	if err != nil {
		return err
	}
	for _, a := range c.Agents {
		for _, name := range []string{steady, mortal} {
			err := fleet.Await(ctx, func(context.Context) error { return wants(a, name, fleet.Found) })
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func wants(a *fleet.Agent, name string, want fleet.Answer) error {
	got, err := fleet.Ask(a.DNS(), name, time.Second)
	if err == nil && got != want {
		err = fmt.Errorf("%s answers %s to %s", a.Name, got, name)
	}
	return err
}
