package compat

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"time"

	"github.com/hashicorp/consul/api"
)

// agentDebug takes the profiles that `consul debug` takes.
func agentDebug(f *flow) {
	debug := f.Debug()
	zipped := []byte{0x1f, 0x8b}
	heap, err := debug.Heap()
	f.ok(err)
	goroutines, err := debug.Goroutine()
	f.ok(err)
	if !bytes.HasPrefix(heap, zipped) || !bytes.HasPrefix(goroutines, zipped) {
		f.Errorf("heap %.20q, goroutines %.20q", heap, goroutines)
	}
	trace, err := debug.Trace(1)
	f.ok(err)
	if !bytes.HasPrefix(trace, []byte("go 1.")) {
		f.Errorf("trace %.20q", trace)
	}
	body, err := debug.PProf(f.Context(), "allocs", 1)
	f.ok(err)
	allocs, err := io.ReadAll(body)
	f.ok(err)
	f.ok(body.Close())
	if !bytes.HasPrefix(allocs, zipped) {
		f.Errorf("allocations %.20q", allocs)
	}
}

// agentMetricsStream reads the first interval.
func agentMetricsStream(f *flow) {
	ctx, cancel := context.WithTimeout(f.Context(), time.Minute)
	defer cancel()
	body, err := f.Agent().MetricsStream(ctx)
	f.ok(err)
	defer body.Close()
	var m api.MetricsInfo
	f.ok(json.NewDecoder(body).Decode(&m))
	if len(m.Gauges) == 0 || len(m.Counters) == 0 || len(m.Samples) == 0 {
		f.Errorf("%d gauges, %d counters, %d samples", len(m.Gauges), len(m.Counters), len(m.Samples))
	}
	if _, err := time.Parse("2006-01-02 15:04:05 -0700 MST", m.Timestamp); err != nil {
		f.Error(err)
	}
}

// agentHashOfLists waits for the agent's services and checks, narrowed down to a service of the flow's own.
func agentHashOfLists(f *flow) {
	reg := &api.AgentServiceRegistration{Name: f.key("web"), Port: 1, Check: &api.AgentServiceCheck{TTL: "1h", CheckID: f.key("c")}}
	f.hold(reg)
	for _, c := range []struct {
		path, filter string
		change       func()
	}{
		{"/v1/agent/services", `Service == "` + reg.Name + `"`, func() {
			reg.Port = 2
			f.ok(f.Agent().ServiceRegister(reg))
		}},
		{"/v1/agent/checks", `ServiceName == "` + reg.Name + `"`, func() { f.ok(f.Agent().UpdateTTL(f.key("c"), "fine", "pass")) }},
	} {
		read := func(hash string) string {
			var rows map[string]any
			meta, err := f.Raw().Query(c.path, &rows, &api.QueryOptions{Filter: c.filter, WaitHash: hash, WaitTime: time.Minute})
			if err != nil {
				f.Error(err)
				return ""
			}
			if len(rows) != 1 {
				f.Errorf("%s: %d rows", c.path, len(rows))
			}
			return meta.LastContentHash
		}
		first := read("")
		woken := make(chan string, 1)
		go func() { woken <- read(first) }()
		c.change()
		if second := soon(f, c.path, woken); first == "" || second == first {
			f.Errorf("%s: hash %q, then %q", c.path, first, second)
		}
	}
}
