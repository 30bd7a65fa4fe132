//go:build linux

// Package fleet runs a muster cluster of real processes on addresses of 127.0.0.0/8,
// for programs that break or measure one.
package fleet

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

// Options say what a cluster consists of.
type Options struct {
	Muster  string // the program
	Dir     string // for data and logs
	Net     string // the first three numbers of all addresses; agents have .1 and so on, servers first
	Servers int
	Clients int
}

// Cluster is a number of agents, none of which need run.
type Cluster struct {
	Agents  []*Agent // servers first, then clients
	servers int
	http    *http.Client
}

// New returns a cluster whose agents are not started.
func New(o Options) *Cluster {
	c := &Cluster{servers: o.Servers, http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4}}}
	var join []string
	for i := range o.Servers {
		join = append(join, "-retry-join", fmt.Sprintf("%s.%d", o.Net, i+1))
	}
	for i := range o.Servers + o.Clients {
		a := &Agent{muster: o.Muster, IP: fmt.Sprintf("%s.%d", o.Net, i+1), Name: fmt.Sprintf("s%d", i+1), args: []string{"agent"}}
		if i < o.Servers {
			a.args = append(a.args, "-server", "-bootstrap-expect", strconv.Itoa(o.Servers))
		} else {
			a.Name = fmt.Sprintf("c%d", i-o.Servers+1)
		}
		a.dir = filepath.Join(o.Dir, a.Name)
		a.args = append(a.args, "-node", a.Name, "-bind", a.IP, "-client", a.IP, "-data-dir", filepath.Join(a.dir, "data"))
		a.args = append(a.args, join...)
		c.Agents = append(c.Agents, a)
	}
	return c
}

// Start starts every agent and waits until they are a cluster that answers.
func (c *Cluster) Start(ctx context.Context) error {
	for _, a := range c.Agents {
		if err := a.Start(); err != nil {
			return err
		}
	}
	if err := c.AwaitWhole(ctx); err != nil {
		return fmt.Errorf("formation: %w", err)
	}
	return nil
}

// Servers returns the agents that are raft members.
func (c *Cluster) Servers() []*Agent { return c.Agents[:c.servers] }

// Last returns the last client.
func (c *Cluster) Last() *Agent { return c.Agents[len(c.Agents)-1] }

// KillAll ends every process. How agents stop has been seen by then.
func (c *Cluster) KillAll() error {
	var errs []error
	for _, a := range c.Agents {
		errs = append(errs, a.End(syscall.SIGKILL))
	}
	c.http.CloseIdleConnections()
	return errors.Join(errs...)
}

// Call makes one request, which ctx bounds, and decodes the answer, if into is not nil.
func (c *Cluster) Call(ctx context.Context, a *Agent, method, path string, body any, into any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, a.HTTP()+path, bytes.NewReader(data))
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
		return fmt.Errorf("%s %s on %s: %s: %s", method, path, a.Name, resp.Status, bytes.TrimSpace(text))
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(text, into)
}

// Await polls until ready returns no error.
func Await(ctx context.Context, ready func(context.Context) error) error {
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

// AwaitWhole waits for a leader with three voters, and for all agents to answer DNS.
func (c *Cluster) AwaitWhole(ctx context.Context) error {
	if err := Await(ctx, c.Voting); err != nil {
		return err
	}
	for _, a := range c.Agents {
		if err := c.AwaitUp(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

// Voting returns nil once all running servers vote and one leads.
func (c *Cluster) Voting(ctx context.Context) error {
	leader, err := c.Leader(ctx)
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
	if err := c.Call(ctx, leader, "GET", "/v1/operator/raft/configuration", nil, &conf); err != nil {
		return err
	}
	voters := 0
	for _, s := range conf.Servers {
		if s.Voter {
			voters++
		}
	}
	if voters != c.servers || len(conf.Servers) != c.servers {
		return fmt.Errorf("%d voters of %d raft servers", voters, len(conf.Servers))
	}
	return nil
}

// Leader returns the agent that leads, as all running servers see it.
func (c *Cluster) Leader(ctx context.Context) (*Agent, error) {
	said := ""
	for _, a := range c.Servers() {
		if !a.Running() {
			continue
		}
		var addr string
		if err := c.Call(ctx, a, "GET", "/v1/status/leader", nil, &addr); err != nil {
			return nil, err
		}
		if addr == "" || said != "" && said != addr {
			return nil, fmt.Errorf("no agreed leader: %q and %q", said, addr)
		}
		said = addr
	}
	for _, a := range c.Servers() {
		if strings.HasPrefix(said, a.IP+":") && a.Running() {
			return a, nil
		}
	}
	return nil, fmt.Errorf("the leader %q is not running", said)
}

// AwaitUp waits for an agent's first good answer; from then on it owes them.
func (c *Cluster) AwaitUp(ctx context.Context, a *Agent) error {
	err := Await(ctx, func(context.Context) error {
		got, err := Ask(a.DNS(), "consul.service.consul", time.Second)
		if err == nil && got != Found {
			err = fmt.Errorf("%s answers %s", a.Name, got)
		}
		return err
	})
	if err == nil {
		a.setUp(true)
	}
	return err
}
