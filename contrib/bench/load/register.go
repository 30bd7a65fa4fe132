package main

import (
	"fmt"
	"sync/atomic"

	"muster/contrib/bench/names"
)

// registration is a body of catalog/register.
type registration struct {
	Node           string
	Address        string   `json:",omitempty"`
	SkipNodeUpdate bool     `json:",omitempty"`
	Service        *service `json:",omitempty"`
	Check          *check
}

type service struct {
	ID, Service, Address string
	Port                 int
	Tags                 []string
}

type check struct {
	CheckID, Name, Status, Output, ServiceID, Type, Interval, Timeout string
}

// register puts every instance of the set into the catalog.
func register(o options) (int, error) {
	var next atomic.Int64
	return each(o.clients, func(int) (int, error) {
		d, err := openDoor(o.http)
		if err != nil {
			return 0, err
		}
		defer d.close()
		for done := 0; ; done++ {
			n := int(next.Add(1)) - 1
			if n >= o.set.Len() {
				return done, nil
			}
			if err := d.put("/v1/catalog/register", full(o.set.Instance(n))); err != nil {
				return done, err
			}
		}
	})
}

// full registers an instance, its node and its check, as a registrator would.
func full(i names.Instance) registration {
	return registration{
		Node: i.Node, Address: i.NodeAddress.String(),
		Service: &service{ID: i.ID, Service: i.Service, Address: i.Address.String(), Port: names.Port, Tags: []string{"v1"}},
		Check:   checkOf(i, "passing"),
	}
}

func checkOf(i names.Instance, status string) *check {
	code := map[string]string{"passing": "200 OK", "critical": "503 Service Unavailable"}[status]
	return &check{
		CheckID: "service:" + i.ID, Name: "Service '" + i.Service + "' check", Status: status, ServiceID: i.ID,
		Output: fmt.Sprintf("HTTP GET http://%s:%d/health: %s", i.Address, names.Port, code),
		Type:   "http", Interval: "10s", Timeout: "5s",
	}
}
