package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"muster/catalog/document"
	"muster/catalog/httpapi"
	"muster/cmd/agent"
)

// chart is what all checks begin with.
type chart struct {
	Patient
	self    *httpapi.AgentSelf // nil: the agent does not answer
	silence error              // why it does not
	ahead   time.Duration      // of the agent's clock before this one, by what it answered
	blur    time.Duration      // how far ahead may be wrong
	here    bool               // the agent runs on this machine, or would

	set   settings // of the agent, else of its files
	known bool     // set was found out

	papers
}

// papers are what the files say. All empty: none were named.
type papers struct {
	cfg      *agent.Config // nil: an agent cannot start from them alone
	unusable error         // why it cannot
	warnings []string
	problems document.Problems
}

// settings are the ones that checks look at, by the names that agent/self has for them.
type settings struct {
	NodeName, Datacenter, DNSDomain, DataDir string
	ServerMode, DevMode                      bool
	BindAddr                                 string
	BootstrapExpect                          int

	DNSAddrs, HTTPAddrs, HTTPSAddrs               []string // "tcp://127.0.0.1:8600"
	RPCBindAddr, SerfBindAddrLAN, SerfBindAddrWAN string   // likewise; empty: does not listen

	SnapshotAgent struct{ Interval, Directory string }
}

// newChart asks the agent and reads its files, both at once: an agent that hangs leaves the files their time.
func newChart(ctx context.Context, p Patient) chart {
	c := chart{Patient: p, here: true}
	ctx, cancel := context.WithTimeout(ctx, p.Limit)
	defer cancel()
	filed := make(chan papers, 1)
	go func() {
		if len(p.Paths) == 0 {
			filed <- papers{}
			return
		}
		filed <- read(ctx, p.Paths)
	}()
	c.ask(ctx)
	c.papers = <-filed
	if c.cfg != nil && !c.known {
		c.unusable = c.adopt(c.cfg.Settings(c.cfg.NodeID))
	}
	return c
}

// ask has the agent tell of itself and of its machine.
func (c *chart) ask(ctx context.Context) {
	if c.self, c.silence = c.Agent.Self(ctx); c.silence != nil {
		c.self = nil
		return
	}
	if c.silence = c.adopt(c.self.DebugConfig); c.silence != nil {
		c.self = nil
		return
	}
	sent := time.Now()
	host, err := c.Agent.Host(ctx)
	if err != nil || host.Host == nil {
		return // then it is taken to be this one
	}
	c.blur = time.Since(sent) / 2
	c.ahead = time.Unix(0, host.CollectionTime).Sub(sent) - c.blur
	name, err := os.Hostname()
	c.here = err != nil || host.Host.Hostname == name
}

// read takes in what files say; it waits for a dead disk no longer than for all else.
func read(ctx context.Context, paths []string) papers {
	result := make(chan papers, 1)
	go func() {
		var p papers
		if p.warnings, p.problems = agent.Validate(paths); len(p.problems) == 0 {
			cfg, err := agent.Load(agent.LoadOptions{Paths: paths})
			if p.unusable = err; err == nil {
				p.cfg = &cfg
			}
		}
		result <- p
	}()
	select {
	case p := <-result:
		return p
	case <-ctx.Done():
		return papers{unusable: errors.New("they were not read in time")}
	}
}

// adopt reads settings in the form of agent/self.
func (c *chart) adopt(from map[string]any) error {
	text, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(text, &c.set)
	}
	if err != nil {
		return fmt.Errorf("its settings are not understood: %w", err)
	}
	c.known = true
	return nil
}

// stat is a figure of `muster info`, "" when there is none.
func (c *chart) stat(group, name string) string {
	if c.self == nil {
		return ""
	}
	return c.self.Stats[group][name]
}
