package top

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"muster/catalog/httpapi"
)

// world is a catalog that changes at random, as a whole and as told of.
type world struct {
	rng   *rand.Rand
	index uint64
	nodes map[string]*httpapi.NodeInfo
}

func (w *world) all() []httpapi.NodeInfo {
	var out []httpapi.NodeInfo
	for _, name := range slices.Sorted(maps.Keys(w.nodes)) {
		n := *w.nodes[name]
		n.Services, n.Checks = slices.Clone(n.Services), slices.Clone(n.Checks)
		out = append(out, n)
	}
	return out
}

// step changes something and tells of it as the stream does.
func (w *world) step() *httpapi.CatalogChange {
	w.index++
	c := &httpapi.CatalogChange{Index: w.index}
	name := fmt.Sprintf("N%d", w.rng.IntN(4))
	n := w.nodes[name]
	if n == nil {
		n = &httpapi.NodeInfo{Node: name, CreateIndex: w.index}
		w.nodes[name] = n
		c.Nodes = append(c.Nodes, &httpapi.Node{Node: name, CreateIndex: w.index})
	}
	id := fmt.Sprintf("i%d", w.rng.IntN(3))
	at := slices.IndexFunc(n.Services, func(s *httpapi.NodeService) bool { return s.ID == id })
	folded := fold(name)
	switch what := w.rng.IntN(12); {
	case what == 0:
		delete(w.nodes, name)
		c.Nodes, c.Gone = nil, append(c.Gone, httpapi.GoneRow{Node: folded})
	case what == 1 && at >= 0:
		n.Services = slices.Delete(n.Services, at, at+1)
		n.Checks = slices.DeleteFunc(n.Checks, func(k *httpapi.HealthCheck) bool { return k.ServiceID == id })
		c.Gone = append(c.Gone, httpapi.GoneRow{Node: folded, ServiceID: id})
	case what == 2 && len(n.Checks) > 0:
		k := w.rng.IntN(len(n.Checks))
		c.Gone = append(c.Gone, httpapi.GoneRow{Node: folded, CheckID: n.Checks[k].CheckID})
		n.Checks = slices.Delete(n.Checks, k, k+1)
	case what == 10: // it goes and comes in one change
		w.nodes[name] = &httpapi.NodeInfo{Node: name, CreateIndex: w.index}
		c.Nodes = []*httpapi.Node{{Node: name, CreateIndex: w.index}}
	case what <= 4 || at < 0 || what == 11:
		row := &httpapi.NodeService{ID: id, Service: []string{"api", "API", "db"}[w.rng.IntN(3)], CreateIndex: w.index, ModifyIndex: w.index}
		switch {
		case at < 0:
			n.Services = append(n.Services, row)
		case what == 11: // so does it, without its checks
			n.Checks = slices.DeleteFunc(n.Checks, func(k *httpapi.HealthCheck) bool { return k.ServiceID == id })
			n.Services[at] = row
		default:
			row.CreateIndex = n.Services[at].CreateIndex
			n.Services[at] = row
		}
		c.Services = append(c.Services, httpapi.StreamedService{Node: name, NodeService: row})
	default:
		row := &httpapi.HealthCheck{
			Node: name, CheckID: fmt.Sprintf("c%d", w.rng.IntN(4)), ModifyIndex: w.index,
			Status: []string{"passing", "warning", "critical"}[w.rng.IntN(3)], ServiceID: []string{"", id}[w.rng.IntN(2)],
		}
		n.Checks = slices.DeleteFunc(n.Checks, func(k *httpapi.HealthCheck) bool { return k.CheckID == row.CheckID })
		n.Checks = append(n.Checks, row)
		c.Checks = append(c.Checks, row)
	}
	return c
}

// told writes a cluster down.
func told(c *cluster) string {
	var out []string
	for _, s := range c.services {
		out = append(out, fmt.Sprintf("%s %v", s.key(), s.count))
		for i := range s.instances {
			out = append(out, fmt.Sprintf("%s %q %v %d", s.key(), i.key(), i.level, len(i.listed())))
		}
	}
	for _, n := range c.nodes {
		out = append(out, fmt.Sprintf("%s %v %d %d", fold(n.name), n.level, len(n.checks), len(n.own)))
	}
	slices.Sort(out)
	return fmt.Sprint(c.count, out)
}

// TestChangesMakeTheWhole: who follows changes sees what one sees who reads everything.
func TestChangesMakeTheWhole(t *testing.T) {
	for seed := range uint64(50) {
		w := &world{rng: rand.New(rand.NewPCG(seed, 1)), nodes: map[string]*httpapi.NodeInfo{}}
		c := read(nil, nil, time.Time{}, nil)
		for i := range 300 {
			c.apply(w.step(), time.Time{})
			whole := read(w.all(), nil, time.Time{}, nil)
			if told(c) != told(whole) {
				t.Fatalf("seed %d, step %d:\nfollowed %s\nread     %s", seed, i, told(c), told(whole))
			}
		}
	}
}

// TestReadAnewKeepsTimes: what has not changed keeps its time, what has gets the present, and both are told of.
func TestReadAnewKeepsTimes(t *testing.T) {
	w := &world{rng: rand.New(rand.NewPCG(7, 7)), nodes: map[string]*httpapi.NodeInfo{}}
	c := read(nil, nil, time.Time{}, nil)
	for range 60 {
		c.apply(w.step(), time.Unix(1, 0))
	}
	silent := 0
	again := read(w.all(), c, time.Unix(2, 0), func(event) { silent++ })
	for _, s := range again.services {
		if !s.at.Equal(c.services[s.key()].at) {
			t.Errorf("%s changed at %v", s.name, s.at)
		}
	}
	if silent != 0 {
		t.Errorf("%d events of nothing", silent)
	}
	for range 60 {
		w.step()
	}
	events := 0
	later := read(w.all(), again, time.Unix(3, 0), func(event) { events++ })
	for _, s := range later.services {
		before := again.services[s.key()]
		same := before != nil && before.count == s.count && len(before.instances) == len(s.instances)
		if !same && !s.at.Equal(time.Unix(3, 0)) {
			t.Errorf("%s changed at %v", s.name, s.at)
		}
	}
	if events == 0 {
		t.Error("nothing was told of")
	}
}
