//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// patience bounds every wait for something the cluster should do by itself.
const patience = 30 * time.Second

type cluster struct {
	agents []*agent // three servers, then two clients
	http   *http.Client
}

const (
	steady = "api.service.consul"    // always there
	mortal = "mortal.service.consul" // on the last client only
)

func newCluster(o options) *cluster {
	c := &cluster{http: &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 4}}}
	for i := range 5 {
		a := &agent{muster: o.muster, server: i < 3, ip: fmt.Sprintf("127.0.7.%d", i+1), name: fmt.Sprintf("s%d", i+1)}
		a.args = []string{"agent"}
		if a.server {
			a.args = append(a.args, "-server", "-bootstrap-expect", "3")
		} else {
			a.name = fmt.Sprintf("c%d", i-2)
		}
		a.dir = filepath.Join(o.dir, a.name)
		a.args = append(a.args, "-node", a.name, "-bind", a.ip, "-client", a.ip, "-data-dir", filepath.Join(a.dir, "data"),
			"-retry-join", "127.0.7.1", "-retry-join", "127.0.7.2", "-retry-join", "127.0.7.3")
		c.agents = append(c.agents, a)
	}
	return c
}

func (c *cluster) last() *agent { return c.agents[len(c.agents)-1] }

// stopAll ends every process.
func (c *cluster) stopAll() error {
	var errs []error
	for _, a := range c.agents {
		errs = append(errs, a.end(syscall.SIGTERM))
	}
	c.http.CloseIdleConnections()
	return errors.Join(errs...)
}

// call makes one request and decodes the answer, if into is not nil.
func (c *cluster) call(ctx context.Context, a *agent, method, path string, body any, into any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, a.http()+path, bytes.NewReader(data))
	if err != nil {
		return err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s on %s: %s: %s", method, path, a.name, resp.Status, bytes.TrimSpace(text))
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(text, into)
}

// await polls until ready returns no error.
func await(ctx context.Context, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// awaitWhole waits for a leader with three voters, and for all agents to answer DNS.
func (c *cluster) awaitWhole(ctx context.Context) error {
	if err := await(ctx, c.voting); err != nil {
		return err
	}
	for _, a := range c.agents {
		if err := c.awaitUp(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

// voting returns nil once all running servers vote and one leads.
func (c *cluster) voting(ctx context.Context) error {
	leader, err := c.leader(ctx)
	if err != nil {
		return err
	}
	var conf struct {
		Servers []struct {
			Node   string
			Voter  bool
			Leader bool
		}
	}
	if err := c.call(ctx, leader, "GET", "/v1/operator/raft/configuration", nil, &conf); err != nil {
		return err
	}
	voters := 0
	for _, s := range conf.Servers {
		if s.Voter {
			voters++
		}
	}
	if voters != 3 || len(conf.Servers) != 3 {
		return fmt.Errorf("%d voters of %d raft servers", voters, len(conf.Servers))
	}
	return nil
}

// leader returns the agent that leads, as all running servers see it.
func (c *cluster) leader(ctx context.Context) (*agent, error) {
	said := ""
	for _, a := range c.agents[:3] {
		if a.cmd == nil {
			continue
		}
		var addr string
		if err := c.call(ctx, a, "GET", "/v1/status/leader", nil, &addr); err != nil {
			return nil, err
		}
		if addr == "" || said != "" && said != addr {
			return nil, fmt.Errorf("no agreed leader: %q and %q", said, addr)
		}
		said = addr
	}
	for _, a := range c.agents {
		if strings.HasPrefix(said, a.ip+":") && a.cmd != nil {
			return a, nil
		}
	}
	return nil, fmt.Errorf("the leader %q is not running", said)
}

// awaitUp waits for an agent's first good answer; from then on it owes them.
func (c *cluster) awaitUp(ctx context.Context, a *agent) error {
	err := await(ctx, func(context.Context) error {
		got, err := ask(a.dns(), "consul.service.consul", time.Second)
		if err == nil && got != found {
			err = fmt.Errorf("%s answers %s", a.name, got)
		}
		return err
	})
	if err == nil {
		a.setUp(true)
	}
	return err
}

// populate registers what the questions are about.
func (c *cluster) populate(ctx context.Context) error {
	err := c.call(ctx, c.agents[0], "PUT", "/v1/catalog/register", map[string]any{
		"Node": "outside", "Address": "192.0.2.1", "Service": map[string]any{"Service": "api", "Port": 80},
	}, nil)
	if err != nil {
		return err
	}
	if err := c.call(ctx, c.last(), "PUT", "/v1/agent/service/register", map[string]any{"Name": "mortal", "Port": 80}, nil); err != nil {
		return err
	}
	for _, a := range c.agents {
		for _, name := range []string{steady, mortal} {
			err := await(ctx, func(context.Context) error { return wants(a, name, found) })
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func wants(a *agent, name string, want answer) error {
	got, err := ask(a.dns(), name, time.Second)
	if err == nil && got != want {
		err = fmt.Errorf("%s answers %s to %s", a.name, got, name)
	}
	return err
}
