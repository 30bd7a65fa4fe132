package top

import (
	"net"
	"strconv"
	"time"

	"muster/catalog/httpapi"
)

// level is how bad a status is.
type level int

const (
	passing level = iota
	warning
	critical
	levels
)

func (l level) String() string { return [...]string{"passing", "warning", "critical"}[l] }

// levelOf reads a status. One that is not known counts as the worst.
func levelOf(status string) level {
	switch status {
	case "passing":
		return passing
	case "warning":
		return warning
	}
	return critical
}

// turn is the last time the health of something changed.
type turn struct {
	index uint64    // of the catalog
	at    time.Time // when it was seen; zero: before we looked
}

func (t *turn) moved(to turn) {
	if to.index >= t.index {
		*t = to
	}
}

// node is a node and what is on it.
type node struct {
	name, address string
	created       uint64               // its index, which another of that name does not share
	instances     map[string]*instance // by id
	checks        map[string]*check    // by id, those of instances included
	own           map[string]*check    // of the node itself
	level         level                // of the node itself
}

// instance is an instance of a service.
type instance struct {
	turn
	node    *node
	service *service
	id      string
	created uint64 // its index
	address string // its own; empty: the node's
	port    int
	checks  map[string]*check // its own
	level   level             // the worst of its checks and its node's
}

// key names an instance among all there are.
func (i *instance) key() string { return fold(i.node.name) + "\x00" + i.id }

// service is all instances of one name.
type service struct {
	turn
	name      string
	instances map[*instance]bool
	count     [levels]int // of instances
}

func (s *service) key() string { return fold(s.name) }

func (s *service) level() level {
	for l := critical; l > passing; l-- {
		if s.count[l] > 0 {
			return l
		}
	}
	return passing
}

// check is a check of a node or of an instance.
type check struct {
	id, name, output string
	serviceID        string // empty: of the node
	level            level
	index            uint64
}

func (c *check) label() string {
	if c.name == "" {
		return c.id
	}
	return c.name
}

func checkOf(row *httpapi.HealthCheck) *check {
	return &check{id: row.CheckID, name: row.Name, output: row.Output, serviceID: row.ServiceID, level: levelOf(row.Status), index: row.ModifyIndex}
}

// worst is the worst level of checks, at least that of from.
func worst(from level, checks map[string]*check) level {
	for _, c := range checks {
		from = max(from, c.level)
	}
	return from
}

// endpoint is where an instance answers.
func (i *instance) endpoint() string {
	host := i.address
	if host == "" {
		host = i.node.address
	}
	if i.port == 0 {
		return host
	}
	return net.JoinHostPort(host, strconv.Itoa(i.port))
}
