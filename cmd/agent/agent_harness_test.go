package agent

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"muster/consensus/gossip"
)

// TestMain looks for goroutines left behind. The last probe of a member list that was shut down may
// take some of its intervals, and on a busy machine several, to find that out.
func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 {
		var err error
		for end := time.Now().Add(30 * time.Second); time.Now().Before(end); {
			if err = goleak.Find(); err == nil {
				break
			}
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// testAgent is an agent started as main starts it, on ports of the kernel's choice.
type testAgent struct {
	*Agent
	setup
	t    *testing.T
	dir  string // its config directory
	http *http.Client
	log  *logBuffer
	dead bool // killed: Close may complain
}

// setup is what tests choose about an agent; the rest is as production has it, on ports of the kernel's choice.
type setup struct {
	name    string // empty: n1
	dataDir string // empty: everything in memory
	client  bool
	expect  int // bootstrap_expect; 0 makes a server a cluster by itself
	dc      string
	join    []string // gossip addresses to meet the others at, as retry_join
	files   map[string]string
	tweak   func(*Config)
	network network
	after   *testAgent // whose ports for other agents to take over; nil: any
}

// startAgent runs an agent over files (name to text). With a data directory it
// keeps its state there, without one it runs as -dev does.
func startAgent(t *testing.T, dataDir string, files map[string]string) *testAgent {
	t.Helper()
	return setup{dataDir: dataDir, files: files}.start(t)
}

func (s setup) start(t *testing.T) *testAgent {
	t.Helper()
	a, err := s.make(t)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(); err != nil {
		t.Fatal(err)
	}
	return a
}

// make is start without Start; the error is that of New.
func (s setup) make(t *testing.T) (*testAgent, error) {
	t.Helper()
	a := &testAgent{t: t, setup: s, dir: t.TempDir(), http: &http.Client{Transport: &http.Transport{}}}
	for name, text := range s.files {
		a.write(name, text)
	}
	zero, server := 0, !s.client
	o := LoadOptions{
		Dev:   s.dataDir == "",
		Paths: []string{a.dir},
		Overrides: Overrides{
			DNSPort: &zero, HTTPPort: &zero, ServerPort: &zero, SerfLANPort: &zero, SerfWANPort: &zero,
			RetryJoin: s.join,
		},
	}
	if s.after != nil {
		lan, wan, server := int(s.after.lan.Addr().Port()), int(s.after.wan.Addr().Port()), int(s.after.raftAddr.Port())
		o.Overrides.SerfLANPort, o.Overrides.SerfWANPort, o.Overrides.ServerPort = &lan, &wan, &server
	}
	name := cmp.Or(s.name, "n1")
	o.Overrides.NodeName = &name
	if s.dc != "" {
		o.Overrides.Datacenter = &s.dc
	}
	if s.dataDir != "" {
		loopback := "127.0.0.1"
		o.Overrides.DataDir, o.Overrides.Server, o.Overrides.BindAddr = &s.dataDir, &server, &loopback
		if s.expect > 0 && server {
			o.Overrides.BootstrapExpect = &s.expect
		} else if server {
			o.Overrides.Bootstrap = &server
		}
	}
	load := func() (Config, error) {
		cfg, err := Load(o)
		cfg.LeaveDrainTime = 0
		// A probe under way outlives its pool: on a WAN by seconds, which the search for leaks would not wait for.
		cfg.Gossip.WAN.Timing = gossip.LANTiming()
		if s.tweak != nil {
			s.tweak(&cfg)
		}
		return cfg, err
	}
	cfg, err := load()
	if err != nil {
		t.Fatal(err)
	}
	log := &logBuffer{}
	a.log = log
	a.Agent, err = New(cfg, Options{Version: "0.0.0-test", LogOutput: log, LoadConfig: load, network: s.network})
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		a.http.CloseIdleConnections()
		if err := a.Close(); err != nil && !a.dead {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("log of %s:\n%s", name, log)
		}
	})
	return a, nil
}

// logBuffer is a log that tests read while agents write it.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (a *testAgent) write(name, text string) {
	a.t.Helper()
	if err := os.WriteFile(filepath.Join(a.dir, name), []byte(text), 0o600); err != nil {
		a.t.Fatal(err)
	}
}

// lookup asks this agent's DNS server for addresses; a name that does not exist has none.
func (a *testAgent) lookup(name string) string {
	r := &net.Resolver{PreferGo: true, StrictErrors: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, a.dns.Addrs()[0].String())
	}}
	addrs, err := r.LookupHost(a.t.Context(), name+".")
	if dnsErr, ok := err.(*net.DNSError); ok && dnsErr.IsNotFound {
		return ""
	}
	if err != nil {
		return err.Error()
	}
	slices.Sort(addrs)
	return strings.Join(addrs, " ")
}

// call returns status and body of an HTTP request.
func (a *testAgent) call(method, path, body string) (int, string) {
	a.t.Helper()
	code, text, err := a.try(method, path, body)
	if err != nil {
		a.t.Fatal(err)
	}
	return code, strings.TrimSpace(text)
}

// try is call for any goroutine, and returns the body as it came.
func (a *testAgent) try(method, path, body string) (int, string, error) {
	req, err := http.NewRequestWithContext(a.t.Context(), method, "http://"+a.Agent.http.Addrs()[0].String()+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	resp, err := a.http.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(data), err
}

func (a *testAgent) want(method, path, body string, status int, text string) {
	a.t.Helper()
	if code, got := a.call(method, path, body); code != status || got != text {
		a.t.Errorf("%s %s: %d %q, want %d %q", method, path, code, got, status, text)
	}
}

// eventually polls until get returns want, within ten seconds.
func eventually(t *testing.T, what, want string, get func() string) {
	t.Helper()
	got := ""
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); <-time.After(5 * time.Millisecond) {
		if got = get(); got == want {
			return
		}
	}
	t.Fatalf("%s: %q, want %q", what, got, want)
}

func (a *testAgent) resolves(what, name, want string) {
	a.t.Helper()
	eventually(a.t, what+": "+name, want, func() string { return a.lookup(name) })
}
