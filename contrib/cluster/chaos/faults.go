//go:build linux

package main

import (
	"context"
	"syscall"
	"time"
)

// killLeader kills the leader's process, measures the pause of writes, and brings it back.
func (c *cluster) killLeader(ctx context.Context, w *writer, r *report) error {
	var leader *agent
	err := await(ctx, func(ctx context.Context) (err error) {
		if err = c.voting(ctx); err == nil {
			leader, err = c.leader(ctx)
		}
		return err
	})
	if err != nil {
		return err
	}
	killed := time.Now()
	if err := leader.end(syscall.SIGKILL); err != nil {
		return err
	}
	gap, err := w.gapAfter(ctx, killed)
	if err != nil {
		return err
	}
	r.gaps = append(r.gaps, gap)
	if err := leader.start(); err != nil {
		return err
	}
	if err := c.awaitUp(ctx, leader); err != nil {
		return err
	}
	return await(ctx, c.voting)
}

// restart stops an agent as an operator would, and starts it again.
func (c *cluster) restart(ctx context.Context, a *agent) error {
	if err := a.end(syscall.SIGINT); err != nil {
		return err
	}
	if err := a.start(); err != nil {
		return err
	}
	if err := c.awaitUp(ctx, a); err != nil {
		return err
	}
	return await(ctx, c.voting)
}

// killClient kills the last client and measures how long each other agent still answers with its service.
func (c *cluster) killClient(ctx context.Context, r *report) error {
	dead := c.last()
	others := c.agents[:len(c.agents)-1]
	for _, a := range others {
		if err := await(ctx, func(context.Context) error { return wants(a, mortal, found) }); err != nil {
			return err
		}
	}
	if err := dead.end(syscall.SIGKILL); err != nil {
		return err
	}
	killed := time.Now()
	for _, a := range others {
		if err := await(ctx, func(context.Context) error { return wants(a, mortal, noName) }); err != nil {
			return err
		}
	}
	r.detections = append(r.detections, time.Since(killed)) // by the last of them
	if err := dead.start(); err != nil {
		return err
	}
	return c.awaitUp(ctx, dead)
}

// killServers kills all servers at once and brings them back after a while. Clients are to
// answer all the time.
func (c *cluster) killServers(ctx context.Context, while time.Duration) error {
	for _, a := range c.servers() {
		if err := a.end(syscall.SIGKILL); err != nil {
			return err
		}
	}
	rest(ctx, while)
	for _, a := range c.servers() {
		if err := a.start(); err != nil {
			return err
		}
	}
	return c.awaitWhole(ctx)
}
