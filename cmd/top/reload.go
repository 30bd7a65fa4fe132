package top

import (
	"time"

	"muster/catalog/httpapi"
)

// read makes a cluster of everything there is. What differs from old, which may be nil, counts as having
// changed now; without one nothing is known to have.
func read(nodes []httpapi.NodeInfo, old *cluster, at time.Time, seen func(event)) *cluster {
	c := newCluster(nil)
	for i := range nodes {
		c.readNode(&nodes[i])
	}
	c.seen = seen
	if old == nil {
		return c
	}
	c.now = turn{at: at}
	for _, s := range c.services {
		c.compare(s, old.services[s.key()])
	}
	for _, n := range c.nodes {
		if before := old.nodes[fold(n.name)]; before != nil {
			c.compareChecks(n, before)
		}
	}
	c.tellGone(old)
	return c
}

// readNode brings in a node that is not there yet. The indexes of its rows say when things last changed.
func (c *cluster) readNode(row *httpapi.NodeInfo) {
	n := c.node(row.Node)
	n.address, n.created = row.Address, row.CreateIndex
	c.now = turn{}
	for _, k := range row.Checks {
		if k.ServiceID == "" {
			c.now.index = max(c.now.index, k.ModifyIndex)
			c.putCheck(n, checkOf(k))
		}
	}
	own := c.now.index
	for _, i := range row.Services {
		c.now.index = max(own, i.ModifyIndex)
		c.putInstance(n, i)
	}
	for _, k := range row.Checks {
		if i := n.instances[k.ServiceID]; i != nil {
			c.putCheck(n, checkOf(k))
			c.now.index = k.ModifyIndex
			i.moved(c.now)
			i.service.moved(c.now)
		}
	}
}

// compare keeps for a service and its instances when they changed last, where they have not since.
func (c *cluster) compare(s, old *service) {
	if old == nil || len(old.instances) != len(s.instances) {
		s.at = c.now.at
	} else if s.at = old.at; s.count != old.count {
		s.at = c.now.at
	}
	if old == nil {
		return
	}
	before := map[string]*instance{}
	for i := range old.instances {
		before[i.key()] = i
	}
	for i := range s.instances {
		was := before[i.key()]
		if was != nil && was.level == i.level {
			i.at = was.at
			continue
		}
		i.at, s.at = c.now.at, c.now.at
		if was == nil {
			c.tell(event{service: s.name, node: i.node.name, instance: i.id, to: "registered", level: i.level})
		}
	}
}

// compareChecks tells of the checks of a node that have turned.
func (c *cluster) compareChecks(n, before *node) {
	for id, k := range n.checks {
		was := before.checks[id]
		if was == nil || was.level == k.level {
			continue
		}
		e := event{node: n.name, instance: k.serviceID, check: k.label(), from: was.level.String(), to: k.level.String(), output: k.output, level: k.level}
		if i := n.instances[k.serviceID]; i != nil {
			e.service = i.service.name
		}
		c.tell(e)
	}
}

// tellGone tells of the instances that are no more.
func (c *cluster) tellGone(old *cluster) {
	for key, before := range old.nodes {
		n := c.nodes[key]
		for id, i := range before.instances {
			if n == nil || n.instances[id] == nil {
				c.tell(event{service: i.service.name, node: before.name, instance: id, from: i.level.String(), to: "gone"})
			}
		}
	}
}
