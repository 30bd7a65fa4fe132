package doctor

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"muster/catalog/httpapi"
)

func TestJudgeSilence(t *testing.T) {
	refused := &httpapi.ClientUnreachableError{Addr: "http://127.0.0.1:8500", Err: syscall.ECONNREFUSED}
	for _, tc := range []struct {
		verdict
		remedy string
	}{
		{verdict{"nothing known", judgeSilence(refused, refused.Addr, false, nil), "FAIL nobody listens at http://127.0.0.1:8500"},
			"start it, or name another with -http-addr; with -config-dir its configuration is looked at"},
		{verdict{"right address", judgeSilence(refused, refused.Addr, true, []string{"tcp://127.0.0.1:8500"}), "FAIL nobody listens at http://127.0.0.1:8500"},
			"start it, or name another with -http-addr"},
		{verdict{"another address", judgeSilence(errors.New("timeout"), refused.Addr, true, []string{"tcp://10.0.0.1:8500"}), "FAIL timeout"},
			"start it; its files have it answer at 10.0.0.1:8500, which -http-addr is to name"},
	} {
		tc.try(t)
		if got := tc.found[0].Remedy; got != tc.remedy {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.remedy)
		}
	}
}

// The files of an agent that hangs are looked at all the same.
func TestNewChartOfHungAgent(t *testing.T) {
	release := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer srv.Close()
	defer close(release)
	agent, err := httpapi.NewClient(httpapi.ClientConfig{Addr: srv.URL})
	if err != nil {
		t.Fatal(err)
	}
	defer agent.Close()
	dir := t.TempDir()
	text := `{"data_dir": "` + dir + `", "bind_addr": "127.0.0.1", "node_name": "n7"}`
	if err := os.WriteFile(filepath.Join(dir, "a.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := newChart(t.Context(), Patient{Agent: agent, Limit: time.Second, Paths: []string{filepath.Join(dir, "a.json")}})
	if c.silence == nil || c.unusable != nil || c.cfg == nil || c.set.NodeName != "n7" {
		t.Errorf("silence %v, unusable %v, settings %+v", c.silence, c.unusable, c.set)
	}
}

// An agent on another machine is told apart by the name of that, and what it says of itself is read.
func TestNewChart(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := `{"Config":{"NodeName":"n9"},"DebugConfig":{"NodeName":"n9","ServerMode":true,"DNSAddrs":["tcp://127.0.0.1:53","udp://127.0.0.1:53"],
			"SnapshotAgent":{"Interval":"1h0m0s","Directory":"/s"}},"Stats":{"raft":{"leader":"x"}}}`
		if r.URL.Path == "/v1/agent/host" {
			body = `{"Host":{"hostname":"somewhere-else"},"CollectionTime":1000000000}`
		}
		_, _ = w.Write([]byte(body))
	}))
	defer srv.Close()
	agent, err := httpapi.NewClient(httpapi.ClientConfig{Addr: srv.URL})
	if err != nil {
		t.Fatal(err)
	}
	defer agent.Close()
	c := newChart(t.Context(), Patient{Agent: agent, Limit: limit})
	if c.silence != nil || !c.known || c.here || !c.set.ServerMode || len(c.set.ports()) != 2 || c.set.SnapshotAgent.Interval != "1h0m0s" || c.stat("raft", "leader") != "x" {
		t.Errorf("%+v", c)
	}
	if c.ahead > -24*365 {
		t.Errorf("a clock of 1970 is %v ahead", c.ahead)
	}
	found := told(Examine(t.Context(), Patient{Agent: agent}))
	for _, want := range []string{"skip the agent runs on another machine", "FAIL the clock of the agent's machine is", "FAIL there is none to answer from"} {
		if !strings.Contains(found, want) {
			t.Errorf("%q is missing:\n%s", want, found)
		}
	}
}
