package agent

import "fmt"

type roleKeys struct {
	Server          *bool `key:"server"`
	Bootstrap       *bool `key:"bootstrap"`
	BootstrapExpect *int  `key:"bootstrap_expect"`
}

// role reads what the agent is in its cluster.
func (b *builder) role(k *roleKeys) {
	c := &b.cfg
	set(&c.Server, k.Server)
	set(&c.Bootstrap, k.Bootstrap)
	switch n := k.BootstrapExpect; {
	case n == nil || *n == 0:
	case *n < 0:
		b.problem("bootstrap_expect", "%d is negative", *n)
	case k.Bootstrap != nil && *k.Bootstrap:
		b.problem("bootstrap_expect", "contradicts bootstrap, which makes a cluster of this server alone; set one of them")
	case *n == 1:
		c.Bootstrap = true
	case c.DevMode:
		b.problem("bootstrap_expect", "%d: with -dev the agent is a cluster by itself", *n)
	default:
		c.BootstrapExpect = *n
		b.warnCount(*n)
	}
	if c.DevMode && !c.Server {
		b.problem("server", "with -dev the agent is a server")
	}
	if c.DevMode && !c.Bootstrap {
		b.problem("bootstrap", "with -dev the agent is a cluster by itself")
	}
	if k.Server != nil { // else flags may still say
		b.clientProblems()
	}
}

// warnCount tells what a number of servers is worth.
func (b *builder) warnCount(n int) {
	switch {
	case n == 2:
		b.warn("bootstrap_expect is 2: a cluster of two servers stops when either of them fails; take 3")
	case n%2 == 0:
		b.warn(fmt.Sprintf("bootstrap_expect is %d: an even number of servers outlives no more failures than %d do", n, n-1))
	}
}

// clientProblems refuses to a client what servers alone do.
func (b *builder) clientProblems() {
	c := &b.cfg
	if c.Server || b.broken("server") {
		return
	}
	if c.Bootstrap && b.merged.Bootstrap != nil {
		b.problemOnce("bootstrap", "only a server makes a cluster (-server)")
	}
	if n := b.merged.BootstrapExpect; n != nil && *n > 0 {
		b.problemOnce("bootstrap_expect", "only servers make a cluster (-server)")
	}
}

// complete fills in what the machine determines, and insists on what an agent cannot start without.
func (b *builder) complete(o LoadOptions) {
	c := &b.cfg
	if c.DataDir == "" && !c.DevMode && !b.broken("data_dir") {
		b.problem("data_dir", "is missing: say where the agent's state is kept (-data-dir), or -dev to keep it in memory")
	}
	b.clientProblems()
	if len(c.Gossip.LAN.Join) == 0 && !c.Bootstrap && !b.broken("retry_join") && !b.broken("start_join") {
		b.warn("nobody to join is named (retry_join, -retry-join): this agent waits until another one joins it")
	}
	b.nodeName(o.Hostname)
	b.hostAddrs(o.HostAddrs)
	b.uiDir()
	b.doorFiles()
}
