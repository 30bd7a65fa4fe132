package compat

import (
	"encoding/json"
	"io"
	"testing"

	"github.com/hashicorp/consul/api"
	"github.com/hashicorp/consul/api/watch"
)

// TestWatch runs the client's watch plans, which are what `consul watch` runs.
func TestWatch(t *testing.T) {
	flows(t, map[string]func(*flow){
		"key": func(f *flow) {
			seen := f.watch(map[string]any{"type": "key", "key": f.key("k")})
			f.put("k")()
			f.sees(seen, f.key("k"))
		},
		"keyprefix": func(f *flow) {
			seen := f.watch(map[string]any{"type": "keyprefix", "prefix": f.key("p/")})
			f.put("p/1")()
			f.sees(seen, f.key("p/1"))
		},
		"services": func(f *flow) {
			seen := f.watch(map[string]any{"type": "services"})
			f.newService()
			f.sees(seen, f.key("web"))
		},
		"nodes": func(f *flow) {
			seen := f.watch(map[string]any{"type": "nodes", "stale": true})
			f.newService()
			f.sees(seen, f.key("n"))
		},
		"service": func(f *flow) {
			seen := f.watch(map[string]any{"type": "service", "service": f.key("web"), "passingonly": true})
			f.newService()
			f.sees(seen, f.key("n"))
		},
		"checks of service": func(f *flow) {
			seen := f.watch(map[string]any{"type": "checks", "service": f.key("web")})
			f.newService()
			f.sees(seen, "c:"+f.key("web"))
		},
		"checks by state": func(f *flow) {
			seen := f.watch(map[string]any{"type": "checks", "state": "passing"})
			f.newService()
			f.sees(seen, "c:"+f.key("web"))
		},
		"agent_service": func(f *flow) {
			reg := &api.AgentServiceRegistration{Name: f.key("web"), Port: 4711}
			f.hold(reg)
			seen := f.watch(map[string]any{"type": "agent_service", "service_id": reg.Name})
			f.sees(seen, "4711")
			reg.Port = 4712
			f.ok(f.Agent().ServiceRegister(reg))
			f.sees(seen, "4712")
		},
	})
}

// watch runs a plan until the flow ends; what its handler is given comes as JSON.
func (f *flow) watch(params map[string]any) <-chan string {
	f.Helper()
	plan, err := watch.Parse(params)
	f.ok(err)
	plan.LogOutput = io.Discard
	seen, ended := make(chan string, 1000), make(chan error, 1)
	plan.HybridHandler = func(_ watch.BlockingParamVal, data any) {
		text, err := json.Marshal(data)
		if err != nil {
			f.Error(err)
		}
		seen <- string(text)
	}
	go func() { ended <- plan.RunWithClientAndHclog(f.Client, nil) }()
	f.Cleanup(func() {
		plan.Stop()
		if err := soon(f, "the plan ends", ended); err != nil {
			f.Error(err)
		}
	})
	return seen
}

// sees waits until the handler was given something that names it.
func (f *flow) sees(seen <-chan string, name string) {
	f.Helper()
	for {
		var found any
		text := soon(f, "a change that names "+name, seen)
		f.ok(json.Unmarshal([]byte(text), &found))
		if mentions(found, name) {
			return
		}
	}
}

// mentions reports whether a value stands anywhere in decoded JSON.
func mentions(value any, name string) bool {
	switch v := value.(type) {
	case string:
		return v == name
	case float64:
		text, _ := json.Marshal(v)
		return string(text) == name
	case []any:
		for _, e := range v {
			if mentions(e, name) {
				return true
			}
		}
	case map[string]any:
		for k, e := range v {
			if k == name || mentions(e, name) {
				return true
			}
		}
	}
	return false
}
