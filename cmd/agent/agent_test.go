package agent

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

const webAndDB = `{"services": [
	{"name": "web", "id": "web1", "address": "192.0.2.1", "port": 80},
	{"name": "db", "address": "192.0.2.5", "check": {"ttl": "1h"}},
]}`

// TestTwoAgentsInOneProcess shows that agents share nothing: each has its own
// catalog, log, ports, settings and series.
func TestTwoAgentsInOneProcess(t *testing.T) {
	a := startAgent(t, "", map[string]string{"a.json": webAndDB})
	b := startAgent(t, "", map[string]string{"b.json": `{"domain": "other", "service": {"name": "web", "address": "192.0.2.9"}}`})
	a.resolves("first", "web.service.consul", "192.0.2.1")
	b.resolves("second", "web.service.other", "192.0.2.9")
	a.want("PUT", "/v1/kv/k", "of a", 200, "true")
	b.want("GET", "/v1/kv/k", "", 404, "")
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	b.want("PUT", "/v1/kv/k", "of b", 200, "true")
	b.resolves("second, when the first is closed", "web.service.other", "192.0.2.9")
}

func TestServerIsInItsCatalog(t *testing.T) {
	a := startAgent(t, "", nil)
	a.resolves("servers", "consul.service.consul", "127.0.0.1")
	a.resolves("node", "n1.node.consul", "127.0.0.1")
	var checks []struct{ CheckID, Status, Node string }
	_, body := a.call("GET", "/v1/health/node/n1", "")
	if err := json.Unmarshal([]byte(body), &checks); err != nil || len(checks) != 1 || checks[0].CheckID != "serfHealth" || checks[0].Status != "passing" {
		t.Errorf("checks of the node: %s (%v)", body, err)
	}
	a.want("GET", "/v1/status/leader", "", 200, fmt.Sprintf("%q", a.raftAddr))
	a.want("GET", "/v1/status/peers", "", 200, fmt.Sprintf("[%q]", a.raftAddr))
}

// TestProbeDecidesAnswers breaks and mends what a probe watches.
func TestProbeDecidesAnswers(t *testing.T) {
	target, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := target.Addr().String()
	a := startAgent(t, "", map[string]string{"web.json": fmt.Sprintf(`{"service": {
		"name": "web", "address": "192.0.2.1", "check": {"tcp": %q, "interval": "100ms"}}}`, address)})
	a.resolves("at first", "web.service.consul", "192.0.2.1")
	target.Close()
	a.resolves("when broken", "web.service.consul", "")
	if target, err = net.Listen("tcp", address); err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	a.resolves("when mended", "web.service.consul", "192.0.2.1")
	_, text := a.call("GET", "/metrics", "")
	for _, series := range []string{"muster_failure_seen_to_applied_seconds_count 1", "muster_failure_seen_to_answer_seconds_count 1", `muster_checks{status="passing"} 1`} {
		if !strings.Contains(text, series+"\n") {
			t.Errorf("no series %s", series)
		}
	}
}

func TestRegistrationOverHTTP(t *testing.T) {
	a := startAgent(t, "", nil)
	a.want("PUT", "/v1/agent/service/register", `{"Name":"web","Address":"192.0.2.1","Check":{"TTL":"1h"}}`, 200, "")
	a.want("PUT", "/v1/agent/check/pass/service:web?note=fine", "", 200, "") // at once: the probe must know the check already
	a.resolves("after a heartbeat", "web.service.consul", "192.0.2.1")
	a.want("PUT", "/v1/agent/service/maintenance/web?enable=true&reason=upgrade", "", 200, "")
	a.resolves("in maintenance", "web.service.consul", "")
	a.want("PUT", "/v1/agent/service/maintenance/web?enable=false", "", 200, "")
	a.resolves("out of maintenance", "web.service.consul", "192.0.2.1")
	a.want("PUT", "/v1/agent/service/deregister/web", "", 200, "")
	a.resolves("deregistered", "web.service.consul", "")
}

func TestReload(t *testing.T) {
	a := startAgent(t, "", map[string]string{"a.json": webAndDB})
	a.want("PUT", "/v1/agent/check/pass/service:db", "", 200, "")
	a.resolves("before", "db.service.consul", "192.0.2.5")

	a.write("b.json", `{"service": {"name": "new", "address": "192.0.2.7"}, "node_meta": {"rack": "7"}, "dns_config": {"node_ttl": "5s"}}`)
	changed, err := a.Reload()
	if err != nil || changed != "+1 service, DNS settings, node meta" {
		t.Fatalf("reload: %q, %v", changed, err)
	}
	a.resolves("added", "new.service.consul", "192.0.2.7")
	a.resolves("state kept", "db.service.consul", "192.0.2.5")

	if changed, err := a.Reload(); err != nil || changed != "nothing changed" {
		t.Errorf("the same again: %q, %v", changed, err)
	}
	a.write("b.json", `{"service": {"name": "new", "address": "192.0.2.7"}, "node_meta": {"rack": "7"}}`)
	if changed, err := a.Reload(); err != nil || changed != "DNS settings" {
		t.Errorf("only DNS: %q, %v", changed, err)
	}

	for name, text := range map[string]string{
		"broken":        `{"service": {"name": "extra", "prot": 80}}`,
		"needs restart": `{"datacenter": "dc2", "service": {"name": "extra", "address": "192.0.2.8"}}`,
	} {
		a.write("c.json", text)
		if changed, err := a.Reload(); err == nil {
			t.Errorf("%s: reloaded with %q", name, changed)
		}
		if got := a.lookup("extra.service.consul"); got != "" {
			t.Errorf("%s: a refused reload left %s behind", name, got)
		}
	}
}

// TestRestart closes an agent and opens another on its data directory.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	files := map[string]string{"a.json": webAndDB}
	a := startAgent(t, dir, files)
	a.resolves("before", "web.service.consul", "192.0.2.1")
	a.want("PUT", "/v1/agent/service/register", `{"Name":"kept","Address":"192.0.2.3"}`, 200, "")
	a.want("PUT", "/v1/kv/k", "v", 200, "true")
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	b := startAgent(t, dir, files)
	b.resolves("from the files", "web.service.consul", "192.0.2.1")
	b.resolves("from the data directory", "kept.service.consul", "192.0.2.3")
	b.want("GET", "/v1/kv/k?raw", "", 200, "v")
	if a.id != b.id {
		t.Errorf("node id was %s, is %s", a.id, b.id)
	}
}

func TestLeave(t *testing.T) {
	a := startAgent(t, "", nil)
	a.resolves("before", "n1.node.consul", "127.0.0.1")
	a.want("PUT", "/v1/agent/leave", "", 200, "")
	select {
	case <-a.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("the agent was told to leave and is not done")
	}
}

// TestNewReleasesEverything fails at the last door and expects the others to be free again.
func TestNewReleasesEverything(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	dir, port, zero, yes, loopback := t.TempDir(), taken.Addr().(*net.TCPAddr).Port, 0, true, "127.0.0.1"
	o := Overrides{DataDir: &dir, Server: &yes, Bootstrap: &yes, BindAddr: &loopback, DNSPort: &zero, ServerPort: &zero, HTTPPort: &port}
	for range 2 {
		cfg, err := Load(LoadOptions{Overrides: o})
		if err != nil {
			t.Fatal(err)
		}
		_, err = New(cfg, Options{LogOutput: io.Discard})
		if err == nil || !strings.Contains(err.Error(), "another program has the port") {
			t.Fatalf("New on a taken port: %v", err)
		}
	}
}
