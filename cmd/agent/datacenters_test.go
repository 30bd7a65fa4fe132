package agent

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// twoDatacenters are clusters dc1, three servers and a client, and dc2, one of each,
// with a service web in each: 192.0.2.1 and 192.0.2.2.
func twoDatacenters(t *testing.T, n *testNetwork, s setup) (dc1, dc2 *testCluster) {
	t.Helper()
	s.dc = "dc1"
	dc1 = s.startCluster(t, n, 3, 1)
	s.dc = "dc2"
	dc2 = s.startCluster(t, n, 1, 1)
	dc1.external("web", "192.0.2.1")
	dc2.external("web", "192.0.2.2")
	dc1.joinWAN(dc2)
	return dc1, dc2
}

func TestTwoDatacenters(t *testing.T) {
	t.Parallel()
	dc1, dc2 := twoDatacenters(t, nil, setup{})
	all := append(dc1.running(), dc2.running()...)
	for _, a := range all {
		a.resolves("at "+a.name, "web.service.dc1.consul", "192.0.2.1")
		a.resolves("at "+a.name, "web.service.dc2.consul", "192.0.2.2")
		a.resolves("at "+a.name, "s1.node.dc2.consul", "127.0.0.1")
		own := map[string]string{"dc1": "192.0.2.1", "dc2": "192.0.2.2"}[a.config().Datacenter]
		a.resolves("its own, at "+a.name, "web.service.consul", own)
		if r, err := a.ask(t.Context(), "web.service.nowhere.consul"); r == nil || r.Rcode != "NXDOMAIN" {
			t.Errorf("%s, a datacenter that does not exist: %+v %v", a.name, r, err)
		}
		var names []string
		_, body := a.call("GET", "/v1/catalog/datacenters", "")
		if err := json.Unmarshal([]byte(body), &names); err != nil || len(names) != 2 || names[0] != a.config().Datacenter {
			t.Errorf("%s, datacenters: %s", a.name, body)
		}
		a.want("GET", "/v1/catalog/nodes?dc=nowhere", "", 500, "No path to datacenter")
		a.want("PUT", "/v1/kv/k?dc=nowhere", "x", 500, "No path to datacenter")
	}
	for _, a := range all {
		for _, dc := range []string{"dc1", "dc2", "DC2"} {
			key := "/v1/kv/of-" + a.name + "?dc=" + dc
			a.want("PUT", key, "by "+a.name+" for "+dc, 200, "true")
			a.want("GET", key+"&raw", "", 200, "by "+a.name+" for "+dc)
			a.want("GET", key+"&raw&consistent", "", 200, "by "+a.name+" for "+dc)
			want := map[string]string{"dc1": "192.0.2.1", "dc2": "192.0.2.2"}[strings.ToLower(dc)]
			for _, path := range []string{"/v1/catalog/service/web?dc=", "/v1/health/service/web?passing&dc="} {
				code, body := a.call("GET", path+dc, "")
				if code != 200 || !strings.Contains(body, want) || strings.Count(body, `"ServiceID"`)+strings.Count(body, `"Service":{`) != 1 {
					t.Errorf("%s: %s%s: %d %s", a.name, path, dc, code, body)
				}
			}
		}
	}
	dc1.by["c1"].want("PUT", "/v1/catalog/register?dc=dc2", `{"Node":"far","Address":"192.0.2.8","Service":{"Service":"far"}}`, 200, "true")
	for _, a := range all {
		a.resolves("registered from afar, at "+a.name, "far.service.dc2.consul", "192.0.2.8")
		if got := a.lookup("far.service.dc1.consul"); got != "" {
			t.Errorf("%s has it in dc1 too: %s", a.name, got)
		}
	}
}

// TestWANIsCut has DNS answer for a datacenter that is out of reach, from what is held of it.
func TestWANIsCut(t *testing.T) {
	t.Parallel()
	n := newTestNetwork()
	dc1, dc2 := twoDatacenters(t, n, setup{tweak: func(cfg *Config) {
		cfg.DNS.StaleAfter = 2 * time.Second
	}})
	for _, a := range dc1.running() {
		a.resolves("at "+a.name, "web.service.dc2.consul", "192.0.2.2")
	}
	q := newAsker(t, "web.service.dc2.consul")
	q.begin(dc1.running()...)
	n.set(func(from, to string) bool { return strings.HasSuffix(from, ".dc2") != strings.HasSuffix(to, ".dc2") })
	for _, a := range dc1.running() {
		eventually(t, a.name+" says that it is stale", "3", func() string {
			r, err := a.ask(t.Context(), "web.service.dc2.consul")
			if err != nil {
				return err.Error()
			}
			return extended(r)
		})
		if r, err := a.ask(t.Context(), "web.service.consul"); err != nil || extended(r) != "" {
			t.Errorf("%s, its own: %s %v", a.name, extended(r), err)
		}
	}
	dc1.await("requests are refused", func() error {
		if code, body := dc1.by["c1"].call("GET", "/v1/catalog/nodes?dc=dc2", ""); code != 500 || body != "No path to datacenter" {
			return fmt.Errorf("%d %s", code, body)
		}
		return nil
	})
	dc2.by["s1"].want("PUT", "/v1/catalog/register", `{"Node":"ext-web","Address":"192.0.2.3","Service":{"Service":"web"}}`, 200, "true")
	n.mend()
	for _, a := range dc1.running() {
		a.resolves("mended, at "+a.name, "web.service.dc2.consul", "192.0.2.3")
		eventually(t, a.name+" is up to date", "", func() string {
			r, _ := a.ask(t.Context(), "web.service.dc2.consul")
			return extended(r)
		})
	}
	q.verdict()
}

func TestNamesOfDatacentersFitAPacket(t *testing.T) {
	var log logBuffer
	a := &Agent{logs: newLogs(&log, slog.LevelInfo, false, false)}
	if got := a.tellable([]string{"dc2", "dc3"}); got != "dc2 dc3" || log.String() != "" {
		t.Errorf("two: %q, log %q", got, &log)
	}
	long := strings.Repeat("x", 63)
	got := a.tellable([]string{long, long, long, long, long, long})
	if n := len(strings.Fields(got)); n != 3 || len(got) > maxDatacentersTag || !strings.Contains(log.String(), "told=3") {
		t.Errorf("%d of six names, log %q", n, &log)
	}
	if got := a.tellable(nil); got != "" {
		t.Errorf("none: %q", got)
	}
}
