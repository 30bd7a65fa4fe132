package httpapi

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// dump reads all nodes and writes them down in short.
func (f *fixture) dump(query string) string {
	f.t.Helper()
	var nodes []NodeInfo
	text := f.get("/v1/internal/ui/nodes" + query)
	if err := json.Unmarshal([]byte(text), &nodes); err != nil {
		f.t.Fatalf("%s: %v", text, err)
	}
	var out []string
	for _, n := range nodes {
		words := []string{n.Node, n.Address}
		for _, s := range n.Services {
			words = append(words, s.ID)
		}
		for _, c := range n.Checks {
			words = append(words, c.ServiceID+":"+c.CheckID)
		}
		out = append(out, strings.Join(words, " "))
	}
	return strings.Join(out, "; ")
}

func TestInternalUINodes(t *testing.T) {
	f := newFixture(t, nil)
	if got := strings.TrimSpace(f.get("/v1/internal/ui/nodes")); got != "[]" {
		t.Errorf("of an empty catalog: %s", got)
	}
	twoWebs(f)
	f.put("/v1/catalog/register", `{"Node": "n9", "Address": "10.0.0.9", "NodeMeta": {"rack": "r9"}, "Check": {"CheckID": "alive", "Status": "passing"}}`)
	all := f.dump("")
	for _, want := range []string{"n1 10.0.0.1 web web:ping", "n2 10.0.0.2 db web-2", "n9 10.0.0.9 :alive"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q has no %q", all, want)
		}
	}
	for query, want := range map[string]string{
		"?node-meta=rack:r9": "n9 10.0.0.9 :alive",
		"?stale&filter=" + url.QueryEscape(`any Services as s { s.ID == "web" }`): "n1",
		"?filter=" + url.QueryEscape(`Node == "n9"`):                              "n9 10.0.0.9 :alive",
	} {
		if got := f.dump(query); !strings.HasPrefix(got, want) || strings.Contains(got, ";") {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	bare := f.get("/v1/internal/ui/nodes?node-meta=rack:r9")
	for _, want := range []string{`"Services":[]`, `"TaggedAddresses":{}`, `"Datacenter":"dc1"`} {
		if !strings.Contains(bare, want) {
			t.Errorf("no %s in %s", want, bare)
		}
	}
}

// TestInternalUINodesBlocks: whoever waits is woken by a change of any row, and by nothing else.
func TestInternalUINodesBlocks(t *testing.T) {
	f := newFixture(t, nil)
	twoWebs(f)
	const register, deregister = "/v1/catalog/register", "/v1/catalog/deregister"
	for _, step := range []struct{ path, body string }{
		{register, `{"Node": "n1", "Address": "10.0.0.7"}`},
		{register, `{"Node": "n1", "SkipNodeUpdate": true, "Service": {"ID": "web-1", "Service": "web", "Port": 81}}`},
		{register, `{"Node": "n1", "SkipNodeUpdate": true, "Check": {"CheckID": "c", "Status": "passing", "Output": "a"}}`},
		{register, `{"Node": "n1", "SkipNodeUpdate": true, "Check": {"CheckID": "c", "Status": "passing", "Output": "b"}}`},
		{deregister, `{"Node": "n1", "CheckID": "c"}`},
		{deregister, `{"Node": "n2", "ServiceID": "web-2"}`},
		{deregister, `{"Node": "n2"}`},
	} {
		index := f.do("GET", "/v1/internal/ui/nodes", "").header.Get("X-Consul-Index")
		f.put("/v1/kv/a", step.body)
		if got := f.do("GET", "/v1/internal/ui/nodes", "").header.Get("X-Consul-Index"); got != index {
			t.Errorf("a key moves the index from %s to %s", index, got)
		}
		woken := make(chan string, 1)
		go func() {
			r := f.do("GET", fmt.Sprintf("/v1/internal/ui/nodes?index=%s&wait=1m", index), "")
			woken <- r.header.Get("X-Consul-Index")
		}()
		f.put(step.path, step.body)
		if got := <-woken; got == index || got == "" {
			t.Errorf("%s: woken at %s", step.body, got)
		}
	}
}
