//go:build linux

package main

import (
	"context"
	"syscall"
	"time"

	"muster/contrib/cluster/fleet"
)

// killLeader kills the leader's process, measures the pause of writes, and brings it back.
func (c *cluster) killLeader(ctx context.Context, w *writer, r *report) error {
	var leader *fleet.Agent
	err := fleet.Await(ctx, func(ctx context.Context) (err error) {
		if err = c.Voting(ctx); err == nil {
			leader, err = c.Leader(ctx)
		}
		return err
	})
	if err != nil {
		return err
	}
	killed := time.Now()
	if err := leader.End(syscall.SIGKILL); err != nil {
		return err
	}
	gap, err := w.gapAfter(ctx, killed)
	if err != nil {
		return err
	}
	r.gaps = append(r.gaps, gap)
	if err := leader.Start(); err != nil {
		return err
	}
	if err := c.AwaitUp(ctx, leader); err != nil {
		return err
	}
	return fleet.Await(ctx, c.Voting)
}

// restart stops an agent as an operator would, and starts it again.
func (c *cluster) restart(ctx context.Context, a *fleet.Agent) error {
	if err := a.End(syscall.SIGINT); err != nil {
		return err
	}
	if err := a.Start(); err != nil {
		return err
	}
	if err := c.AwaitUp(ctx, a); err != nil {
		return err
	}
	return fleet.Await(ctx, c.Voting)
}

// killClient kills the last client and measures how long each other agent still answers with its service.
func (c *cluster) killClient(ctx context.Context, r *report) error {
	dead := c.Last()
	others := c.Agents[:len(c.Agents)-1]
	for _, a := range others {
		if err := fleet.Await(ctx, func(context.Context) error { return wants(a, mortal, fleet.Found) }); err != nil {
			return err
		}
	}
	if err := dead.End(syscall.SIGKILL); err != nil {
		return err
	}
	killed := time.Now()
	for _, a := range others {
		if err := fleet.Await(ctx, func(context.Context) error { return wants(a, mortal, fleet.NoName) }); err != nil {
			return err
		}
	}
	r.detections = append(r.detections, time.Since(killed)) // by the last of them
	if err := dead.Start(); err != nil {
		return err
	}
	return c.AwaitUp(ctx, dead)
}

// killServers kills all servers at once and brings them back after a while. Clients are to
// answer all the time.
func (c *cluster) killServers(ctx context.Context, while time.Duration) error {
	for _, a := range c.Servers() {
		if err := a.End(syscall.SIGKILL); err != nil {
			return err
		}
	}
	rest(ctx, while)
	for _, a := range c.Servers() {
		if err := a.Start(); err != nil {
			return err
		}
	}
	return c.AwaitWhole(ctx)
}
