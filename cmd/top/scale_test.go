package top

import (
	"fmt"
	"testing"
	"time"

	"muster/catalog/httpapi"
)

// crowd is a model of 1,000 services with 10,000 instances on 100 nodes.
func crowd() *Model {
	m := New(true)
	m.Update(Size{160, 50})
	nodes := make([]httpapi.NodeInfo, 100)
	for i := range 10_000 {
		n := &nodes[i%100]
		n.Node = fmt.Sprintf("n%d", i%100)
		id := fmt.Sprintf("i%d", i)
		n.Services = append(n.Services, &httpapi.NodeService{ID: id, Service: fmt.Sprintf("svc-%d", i%1000)})
		n.Checks = append(n.Checks, &httpapi.HealthCheck{Node: n.Node, CheckID: "c-" + id, ServiceID: id, Status: "passing"})
	}
	m.Update(Loaded{time.Unix(1, 0), nodes})
	return m
}

// flap turns n checks.
func flap(m *Model, round, n int) {
	c := &httpapi.CatalogChange{Index: uint64(round + 1)}
	for j := range n {
		i := (round*n + j*7) % 10_000
		id := fmt.Sprintf("i%d", i)
		c.Checks = append(c.Checks, &httpapi.HealthCheck{
			Node: fmt.Sprintf("n%d", i%100), CheckID: "c-" + id, ServiceID: id, Status: []string{"critical", "passing"}[round%2], ModifyIndex: uint64(round + 1),
		})
	}
	m.Update(Changed{time.Unix(int64(round), 0), c})
}

func BenchmarkFrame(b *testing.B) {
	m := crowd()
	b.ReportAllocs()
	for b.Loop() {
		_ = m.View()
	}
}

// BenchmarkFrameOfChanges draws a tenth of a second of 500 checks that turn every second.
func BenchmarkFrameOfChanges(b *testing.B) {
	m := crowd()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		flap(m, i, 50)
		_ = m.View()
	}
}

// TestFrameCostsWhatIsSeen: a frame of very many rows takes no more than one of some.
func TestFrameCostsWhatIsSeen(t *testing.T) {
	few := New(true)
	few.Update(Size{160, 50})
	nodes := []httpapi.NodeInfo{{Node: "n"}}
	for i := range 100 {
		nodes[0].Services = append(nodes[0].Services, &httpapi.NodeService{ID: fmt.Sprint(i), Service: fmt.Sprintf("svc-%d", i)})
	}
	few.Update(Loaded{time.Unix(1, 0), nodes})
	many := crowd()
	allocs := func(m *Model) float64 {
		_ = m.View()
		return testing.AllocsPerRun(20, func() { _ = m.View() })
	}
	if a, b := allocs(few), allocs(many); b > 1.5*a {
		t.Errorf("%v allocations for 100 rows, %v for 1,000", a, b)
	}
	many.Update(Key{Name: "enter"})
	if a, b := allocs(few), allocs(many); b > 1.5*a {
		t.Errorf("%v allocations for 100 rows, %v for a page of instances", a, b)
	}
}
