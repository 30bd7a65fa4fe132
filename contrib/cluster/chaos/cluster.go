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
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// patience bounds every wait for something the cluster should do by itself.
	patience = 30 * time.Second
	// tryTime bounds each look whether it has.
	tryTime = 2 * time.Second
)

type cluster struct {
	agents []*agent // servers first, then clients
	http   *http.Client
}

const (
	steady = "api.service.consul"    // always there
	mortal = "mortal.service.consul" // on the last client only
)

func newCluster(o options) *cluster {
	c := &cluster{http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4}}}
	var join []string
	for i := range servers {
		join = append(join, "-retry-join", fmt.Sprintf("%s.%d", o.net, i+1))
	}
	for i := range servers + clients {
		a := &agent{muster: o.muster, ip: fmt.Sprintf("%s.%d", o.net, i+1), name: fmt.Sprintf("s%d", i+1), args: []string{"agent"}}
		if i < servers {
			a.args = append(a.args, "-server", "-bootstrap-expect", strconv.Itoa(servers))
		} else {
			a.name = fmt.Sprintf("c%d", i-servers+1)
		}
		a.dir = filepath.Join(o.dir, a.name)
		a.args = append(a.args, "-node", a.name, "-bind", a.ip, "-client", a.ip, "-data-dir", filepath.Join(a.dir, "data"))
		a.args = append(a.args, join...)
		c.agents = append(c.agents, a)
	}
	return c
}

func (c *cluster) servers() []*agent { return c.agents[:servers] }

func (c *cluster) last() *agent { return c.agents[len(c.agents)-1] }

// killAll ends every process. How agents stop has been seen by then.
func (c *cluster) killAll() error {
	var errs []error
	for _, a := range c.agents {
		errs = append(errs, a.end(syscall.SIGKILL))
	}
	c.http.CloseIdleConnections()
	return errors.Join(errs...)
}

// call makes one request, which ctx bounds, and decodes the answer, if into is not nil.
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
		try, done := context.WithTimeout(ctx, tryTime)
		err := ready(try)
		done()
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
	if voters != servers || len(conf.Servers) != servers {
		return fmt.Errorf("%d voters of %d raft servers", voters, len(conf.Servers))
	}
	return nil
}

// leader returns the agent that leads, as all running servers see it.
func (c *cluster) leader(ctx context.Context) (*agent, error) {
	said := ""
	for _, a := range c.servers() {
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
	for _, a := range c.servers() {
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
	err := await(ctx, func(ctx context.Context) error {
		err := c.call(ctx, c.agents[0], "PUT", "/v1/catalog/register", map[string]any{
			"Node": "outside", "Address": "192.0.2.1", "Service": map[string]any{"Service": "api", "Port": 80},
		}, nil)
		if err != nil {
			return err
		}
		return c.call(ctx, c.last(), "PUT", "/v1/agent/service/register", map[string]any{"Name": "mortal", "Port": 80}, nil)
	})
	if err != nil {
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
