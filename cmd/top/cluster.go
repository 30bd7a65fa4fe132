package top

import (
	"maps"
	"slices"
	"strings"
	"time"

	"muster/catalog/httpapi"
)

// cluster is the catalog as far as top shows it. A change costs what it touches, however much there is.
type cluster struct {
	nodes    map[string]*node    // by folded name
	services map[string]*service // by folded name
	count    [levels]int         // of instances
	now      turn                // of the change that is applied
	seen     func(event)         // told of what happens; nil: of nothing
}

// event is a change that people may want to know of.
type event struct {
	at             time.Time
	service        string // empty: a check of the node
	node, instance string
	check          string // empty: the instance itself came or went
	from, to       string // levels, or what else there is to say
	output         string
	level          level // after it
}

func newCluster(seen func(event)) *cluster {
	return &cluster{nodes: map[string]*node{}, services: map[string]*service{}, seen: seen}
}

// fold is under what name something goes that is told apart without regard to case.
func fold(name string) string { return strings.ToLower(name) }

func (c *cluster) tell(e event) {
	if c.seen != nil {
		e.at = c.now.at
		c.seen(e)
	}
}

// node returns a node, which it makes if there is none.
func (c *cluster) node(name string) *node {
	n := c.nodes[fold(name)]
	if n == nil {
		n = &node{name: name, instances: map[string]*instance{}, checks: map[string]*check{}, own: map[string]*check{}}
		c.nodes[fold(name)] = n
	}
	return n
}

// apply brings in a change that was seen at a time.
func (c *cluster) apply(change *httpapi.CatalogChange, at time.Time) {
	c.now = turn{change.Index, at}
	for _, row := range change.Nodes {
		if n := c.nodes[fold(row.Node)]; n != nil && row.CreateIndex > n.created {
			c.remove(httpapi.GoneRow{Node: row.Node}) // it went, and another came, within what one change tells
		}
		n := c.node(row.Node)
		n.address, n.created = row.Address, row.CreateIndex
	}
	for i := range change.Services {
		c.putInstance(c.node(change.Services[i].Node), change.Services[i].NodeService)
	}
	for _, row := range change.Checks {
		c.putCheck(c.node(row.Node), checkOf(row))
	}
	for _, gone := range change.Gone {
		c.remove(gone)
	}
}

func (c *cluster) putInstance(n *node, row *httpapi.NodeService) {
	i := n.instances[row.ID]
	if i != nil && row.CreateIndex > i.created {
		c.removeInstance(i)
		i = nil
	}
	if i != nil && fold(i.service.name) != fold(row.Service) {
		c.leave(i)
		i.service = nil
	}
	if i == nil {
		i = &instance{node: n, id: row.ID, checks: map[string]*check{}, level: n.level, turn: c.now}
		n.instances[row.ID] = i
	}
	i.address, i.port, i.created = row.Address, row.Port, row.CreateIndex
	if i.service == nil {
		c.join(i, row.Service)
		c.tell(event{service: row.Service, node: n.name, instance: i.id, to: "registered", level: i.level})
	}
}

// join makes an instance one of a service.
func (c *cluster) join(i *instance, name string) {
	s := c.services[fold(name)]
	if s == nil {
		s = &service{name: name, instances: map[*instance]bool{}}
		c.services[fold(name)] = s
	}
	i.service = s
	s.instances[i] = true
	s.moved(c.now)
	s.count[i.level]++
	c.count[i.level]++
}

// leave takes an instance out of its service.
func (c *cluster) leave(i *instance) {
	s := i.service
	delete(s.instances, i)
	s.moved(c.now)
	s.count[i.level]--
	c.count[i.level]--
	if len(s.instances) == 0 {
		delete(c.services, fold(s.name))
	}
}

func (c *cluster) putCheck(n *node, k *check) {
	old := n.checks[k.id]
	if old != nil && old.index > k.index {
		return // what is read as a whole may be ahead of what is told of
	}
	if old != nil && old.serviceID != k.serviceID {
		c.dropCheck(n, old)
	}
	e := event{node: n.name, instance: k.serviceID, check: k.label(), to: k.level.String(), output: k.output, level: k.level}
	if old != nil {
		e.from = old.level.String()
	}
	if k.serviceID == "" {
		n.checks[k.id], n.own[k.id] = k, k
		c.weighNode(n)
	} else {
		i := n.instances[k.serviceID]
		if i == nil {
			return // went meanwhile, which we shall be told
		}
		n.checks[k.id], i.checks[k.id] = k, k
		e.service = i.service.name
		c.weigh(i)
	}
	if e.from != e.to && (old != nil || k.level > passing) {
		c.tell(e)
	}
}

// dropCheck takes a check out. What hangs on it is weighed anew.
func (c *cluster) dropCheck(n *node, k *check) {
	delete(n.checks, k.id)
	if k.serviceID == "" {
		delete(n.own, k.id)
		c.weighNode(n)
	} else if i := n.instances[k.serviceID]; i != nil {
		delete(i.checks, k.id)
		c.weigh(i)
	}
}

func (c *cluster) weighNode(n *node) {
	before := n.level
	n.level = worst(passing, n.own)
	if n.level == before {
		return
	}
	for _, i := range n.instances {
		c.weigh(i)
	}
}

// weigh brings up to date how bad an instance is.
func (c *cluster) weigh(i *instance) {
	now := worst(i.node.level, i.checks)
	if now == i.level {
		return
	}
	for _, count := range []*[levels]int{&i.service.count, &c.count} {
		count[i.level]--
		count[now]++
	}
	i.level = now
	i.moved(c.now)
	i.service.moved(c.now)
}

func (c *cluster) remove(gone httpapi.GoneRow) {
	n := c.nodes[fold(gone.Node)]
	if n == nil {
		return
	}
	switch {
	case gone.CheckID != "":
		k := n.checks[gone.CheckID]
		if k == nil {
			return
		}
		c.dropCheck(n, k)
		e := event{node: n.name, instance: k.serviceID, check: k.label(), from: k.level.String(), to: "gone"}
		if i := n.instances[k.serviceID]; i != nil {
			e.service = i.service.name
		}
		c.tell(e)
	case gone.ServiceID != "":
		c.removeInstance(n.instances[gone.ServiceID])
	default:
		for _, id := range slices.Sorted(maps.Keys(n.instances)) {
			c.removeInstance(n.instances[id])
		}
		delete(c.nodes, fold(gone.Node))
	}
}

// removeInstance takes an instance out, with its checks. Nil is none.
func (c *cluster) removeInstance(i *instance) {
	if i == nil {
		return
	}
	c.leave(i)
	for id := range i.checks {
		delete(i.node.checks, id)
	}
	delete(i.node.instances, i.id)
	c.tell(event{service: i.service.name, node: i.node.name, instance: i.id, from: i.level.String(), to: "gone"})
}
