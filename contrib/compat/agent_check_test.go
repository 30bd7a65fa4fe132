package compat

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hashicorp/consul/api"
)

func TestAgentChecks(t *testing.T) {
	flows(t, map[string]func(*flow){
		"kinds":            checkKinds,
		"TTL updates":      ttlUpdates,
		"of node":          nodeCheck,
		"of service":       serviceCheck,
		"alias":            aliasCheck,
		"unknown":          unknownChecks,
		"refused":          refusedChecks,
		"thresholds":       checkThresholds,
		"changes are seen": checkSeenInCatalog,
	})
}

// TestAgentHealth stands apart: checks of the node count for all its instances.
func TestAgentHealth(t *testing.T) {
	flows(t, map[string]func(*flow){
		"by id":               healthByID,
		"by name":             healthByName,
		"service maintenance": agentServiceMaintenance,
	})
}

func TestNodeMaintenance(t *testing.T) { flows(t, map[string]func(*flow){"node": nodeMaintenance}) }

func nodeMaintenance(f *flow) {
	name := f.key("web")
	f.hold(&api.AgentServiceRegistration{Name: name})
	for _, reason := range []string{"moved", ""} {
		f.ok(f.Agent().EnableNodeMaintenance(reason))
		checks, err := f.Agent().Checks()
		f.ok(err)
		c := checks[api.NodeMaint]
		if reason == "" {
			reason = c.Notes // some default, which says as much
		}
		f.is("check", c, &api.AgentCheck{Node: f.agent.name, CheckID: api.NodeMaint, Name: "Node Maintenance Mode", Status: "critical", Notes: reason, Type: "maintenance"})
		f.is("a reason", c.Notes != "", true)
		f.until("service is out", func() bool {
			list, _, err := f.Health().Service(name, "", true, nil)
			f.ok(err)
			return len(list) == 0
		})
		status, info, err := f.Agent().AgentHealthServiceByID(name)
		f.ok(err)
		f.is("health", []string{status, info.AggregatedStatus}, []string{"critical", "maintenance"})
		f.ok(f.Agent().DisableNodeMaintenance())
		f.until("service is back", func() bool {
			list, _, err := f.Health().Service(name, "", true, nil)
			f.ok(err)
			return len(list) == 1
		})
	}
}

// checkKinds registers every kind of check against targets that live, and waits for each to pass.
func checkKinds(f *flow) {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != "POST" || r.Header.Get("X-Probe") != "1" {
			w.WriteHeader(http.StatusTeapot)
		}
	}))
	f.Cleanup(web.Close)
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // a check of TCP says nothing after the handshake
	secure.StartTLS()
	f.Cleanup(secure.Close)
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	f.ok(err)
	f.Cleanup(func() { _ = udp.Close() })
	go func() {
		b := make([]byte, 512)
		for {
			n, from, err := udp.ReadFrom(b)
			if err != nil {
				return
			}
			_, _ = udp.WriteTo(b[:n], from)
		}
	}()
	at := func(s *httptest.Server) string { return s.Listener.Addr().String() }
	for kind, c := range map[string]struct {
		def    api.AgentServiceCheck
		kind   string
		status string
	}{
		"http":    {api.AgentServiceCheck{HTTP: web.URL, Method: "POST", Body: "hello", Header: map[string][]string{"X-Probe": {"1"}}}, "http", "passing"},
		"https":   {api.AgentServiceCheck{HTTP: secure.URL, TLSSkipVerify: true}, "http", "critical"},
		"tcp":     {api.AgentServiceCheck{TCP: at(web)}, "tcp", "passing"},
		"tcp tls": {api.AgentServiceCheck{TCP: at(secure), TCPUseTLS: true, TLSSkipVerify: true}, "tcp", "passing"},
		"udp":     {api.AgentServiceCheck{UDP: udp.LocalAddr().String()}, "udp", "passing"},
		"script":  {api.AgentServiceCheck{Args: []string{"/bin/sh", "-c", "echo said; exit 1"}}, "script", "warning"},
		"grpc":    {api.AgentServiceCheck{GRPC: at(web)}, "grpc", "critical"},
	} {
		id := f.key(strings.ReplaceAll(kind, " ", "-"))
		c.def.Interval, c.def.Timeout = "100ms", "5s"
		if c.kind == "script" || c.kind == "grpc" {
			c.def.Interval = "1s"
		}
		f.ok(f.Agent().CheckRegister(&api.AgentCheckRegistration{ID: id, Name: kind, Notes: "n", AgentServiceCheck: c.def}))
		f.Cleanup(func() { _ = f.Agent().CheckDeregister(id) })
		f.until(kind, func() bool {
			checks, err := f.Agent().Checks()
			f.ok(err)
			got := checks[id]
			return got != nil && got.Status == c.status && got.Type == c.kind && got.Output != "" && got.Name == kind && got.Notes == "n"
		})
	}
}

// ttl registers a TTL check of the node until the flow ends.
func (f *flow) ttl(name, status string) string {
	f.Helper()
	id := f.key(name)
	f.ok(f.Agent().CheckRegister(&api.AgentCheckRegistration{ID: id, Name: name, AgentServiceCheck: api.AgentServiceCheck{TTL: "1h", Status: status}}))
	f.Cleanup(func() { _ = f.Agent().CheckDeregister(id) })
	return id
}

func ttlUpdates(f *flow) {
	id := f.ttl("c", "")
	for _, c := range []struct {
		update func() error
		status string
		output string
	}{
		{func() error { return f.Agent().PassTTL(id, "well") }, "passing", "well"},
		{func() error { return f.Agent().WarnTTL(id, "so so") }, "warning", "so so"},
		{func() error { return f.Agent().FailTTL(id, "") }, "critical", ""},
		{func() error { return f.Agent().UpdateTTL(id, "out\nput", "pass") }, "passing", "out\nput"},
		{func() error { return f.Agent().UpdateTTL(id, "w", api.HealthWarning) }, "warning", "w"},
		{func() error { return f.Agent().UpdateTTL(id, "c", api.HealthCritical) }, "critical", "c"},
	} {
		f.ok(c.update())
		checks, err := f.Agent().Checks()
		f.ok(err)
		f.is("check", []string{checks[id].Status, checks[id].Output}, []string{c.status, c.output})
	}
	if err := f.Agent().UpdateTTL(id, "", "odd"); err == nil {
		f.Error("the client itself was to refuse an unknown status")
	}
}

func nodeCheck(f *flow) {
	id := f.ttl("c", "passing")
	checks, err := f.Agent().Checks()
	f.ok(err)
	f.is("check", checks[id], &api.AgentCheck{Node: f.agent.name, CheckID: id, Name: "c", Status: "passing", Type: "ttl"})
	f.ok(f.Agent().CheckDeregister(id))
	checks, err = f.Agent().Checks()
	f.ok(err)
	f.is("gone", checks[id], (*api.AgentCheck)(nil))
	name := f.key("only-a-name")
	f.ok(f.Agent().CheckRegister(&api.AgentCheckRegistration{Name: name, AgentServiceCheck: api.AgentServiceCheck{TTL: "1h"}}))
	checks, err = f.Agent().Checks()
	f.ok(err)
	f.is("id is the name, and it is critical", checks[name].Status, "critical")
	f.ok(f.Agent().CheckDeregister(name))
}

func serviceCheck(f *flow) {
	name := f.key("web")
	f.hold(&api.AgentServiceRegistration{Name: name, Tags: []string{"t"}})
	id := f.key("c")
	f.ok(f.Agent().CheckRegister(&api.AgentCheckRegistration{ID: id, Name: "c", ServiceID: name, AgentServiceCheck: api.AgentServiceCheck{TTL: "1h", Status: "warning"}}))
	checks, err := f.Agent().Checks()
	f.ok(err)
	f.is("check", checks[id], &api.AgentCheck{Node: f.agent.name, CheckID: id, Name: "c", Status: "warning", ServiceID: name, ServiceName: name, Type: "ttl"})
	f.ok(f.Agent().ServiceDeregister(name))
	checks, err = f.Agent().Checks()
	f.ok(err)
	f.is("gone with its service", checks[id], (*api.AgentCheck)(nil))
}

func aliasCheck(f *flow) {
	name := f.key("web")
	f.hold(&api.AgentServiceRegistration{Name: name, Check: &api.AgentServiceCheck{CheckID: f.key("c"), TTL: "1h", Status: "passing"}})
	f.hold(&api.AgentServiceRegistration{Name: f.key("side"), Check: &api.AgentServiceCheck{CheckID: f.key("alias"), AliasService: name}})
	is := func(status string) {
		f.Helper()
		f.until("alias is "+status, func() bool {
			checks, err := f.Agent().Checks()
			f.ok(err)
			return checks[f.key("alias")].Status == status && checks[f.key("alias")].Type == "alias"
		})
	}
	is("passing")
	f.ok(f.Agent().FailTTL(f.key("c"), ""))
	is("critical")
}

func unknownChecks(f *flow) {
	text := `Unknown check ID "` + f.key("none") + `"`
	f.fails("pass", f.Agent().PassTTL(f.key("none"), ""), 404, text)
	f.fails("deregister", f.Agent().CheckDeregister(f.key("none")), 404, text)
	tcp := f.key("tcp")
	f.ok(f.Agent().CheckRegister(&api.AgentCheckRegistration{ID: tcp, Name: tcp, AgentServiceCheck: api.AgentServiceCheck{TCP: f.agent.http(), Interval: "1h"}}))
	f.fails("pass what is no TTL check", f.Agent().PassTTL(tcp, ""), 400, `CheckID "`+tcp+`" does not have associated TTL`)
	f.ok(f.Agent().CheckDeregister(tcp))
}

func refusedChecks(f *flow) {
	for what, def := range map[string]api.AgentServiceCheck{
		"no kind":      {},
		"two kinds":    {TTL: "10s", TCP: "127.0.0.1:1", Interval: "1s"},
		"no interval":  {TCP: "127.0.0.1:1"},
		"bad interval": {TCP: "127.0.0.1:1", Interval: "often"},
		"bad status":   {TTL: "10s", Status: "odd"},
		"docker":       {DockerContainerID: "x", Args: []string{"true"}, Interval: "1s"},
	} {
		err := f.Agent().CheckRegister(&api.AgentCheckRegistration{Name: f.key("c"), AgentServiceCheck: def})
		f.fails(what, err, 400, "")
	}
	err := f.Agent().CheckRegister(&api.AgentCheckRegistration{Name: f.key("c"), ServiceID: f.key("none"), AgentServiceCheck: api.AgentServiceCheck{TTL: "10s"}})
	if err == nil || !strings.Contains(err.Error(), `ServiceID "`+f.key("none")+`" does not exist`) {
		f.Errorf("of an unknown service: %v", err)
	}
}

func healthByID(f *flow) {
	name := f.key("web")
	f.hold(&api.AgentServiceRegistration{ID: f.key("1"), Name: name, Port: 7, Check: &api.AgentServiceCheck{CheckID: f.key("c"), TTL: "1h", Status: "passing"}})
	for status, update := range map[string]func(string, string) error{"passing": f.Agent().PassTTL, "warning": f.Agent().WarnTTL, "critical": f.Agent().FailTTL} {
		f.ok(update(f.key("c"), "note"))
		got, info, err := f.Agent().AgentHealthServiceByID(f.key("1"))
		f.ok(err)
		f.is("status", []any{got, info.AggregatedStatus, info.Service.Port}, []any{status, status, 7})
		own := 0
		for _, c := range info.Checks {
			if c.ServiceID == f.key("1") && c.Status == status && c.Output == "note" {
				own++
			}
		}
		f.is("its check", own, 1)
	}
	status, info, err := f.Agent().AgentHealthServiceByID(f.key("none"))
	f.ok(err)
	f.is("unknown", []any{status, info}, []any{"critical", (*api.AgentServiceChecksInfo)(nil)})
}

func healthByName(f *flow) {
	name := f.key("web")
	for _, id := range []string{"1", "2"} {
		f.hold(&api.AgentServiceRegistration{ID: f.key(id), Name: name, Check: &api.AgentServiceCheck{CheckID: f.key("c" + id), TTL: "1h", Status: "passing"}})
	}
	status, list, err := f.Agent().AgentHealthServiceByName(name)
	f.ok(err)
	f.is("both pass", []any{status, len(list)}, []any{"passing", 2})
	f.ok(f.Agent().WarnTTL(f.key("c2"), ""))
	status, list, err = f.Agent().AgentHealthServiceByName(name)
	f.ok(err)
	f.is("the worst counts", []any{status, list[0].AggregatedStatus, list[1].AggregatedStatus}, []any{"warning", "passing", "warning"})
	status, list, err = f.Agent().AgentHealthServiceByName(f.key("none"))
	f.ok(err)
	f.is("unknown", []any{status, list}, []any{"critical", []api.AgentServiceChecksInfo(nil)})
}

func checkThresholds(f *flow) {
	id := f.key("c")
	f.ok(f.Agent().CheckRegister(&api.AgentCheckRegistration{ID: id, Name: "c", AgentServiceCheck: api.AgentServiceCheck{
		TCP: f.agent.http(), Interval: "200ms", SuccessBeforePassing: 3, FailuresBeforeWarning: 1, FailuresBeforeCritical: 3}}))
	f.Cleanup(func() { _ = f.Agent().CheckDeregister(id) })
	f.until("passing at last", func() bool { return f.nodeCheck(id) == "passing" })
}

func checkSeenInCatalog(f *flow) {
	id := f.ttl("c", "passing")
	f.until("passing", func() bool { return f.nodeCheck(id) == "passing" })
	f.ok(f.Agent().WarnTTL(id, "hm"))
	f.until("warning", func() bool { return f.nodeCheck(id) == "warning" })
	f.ok(f.Agent().CheckDeregister(id))
	f.until("gone", func() bool { return f.nodeCheck(id) == "" })
}
