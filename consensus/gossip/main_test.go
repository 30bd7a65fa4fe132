package gossip

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestMain looks for goroutines left behind. memberlist's last probe may take
// some of its intervals to find that it was shut down.
func TestMain(m *testing.M) {
	code := m.Run()
	var err error
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if err = goleak.Find(); err == nil {
			break
		}
	}
	if err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// patience is how long a test waits for what it expects; nothing takes that long but on a machine that is stuck.
const patience = 30 * time.Second

var loopback = netip.MustParseAddrPort("127.0.0.1:0")

// agent returns the configuration of a test agent.
func agent(name string, change ...func(*Config)) Config {
	cfg := Config{Name: name, ID: "id-of-" + name, Datacenter: "dc1", Build: "1.2.3", Bind: loopback}
	for _, c := range change {
		c(&cfg)
	}
	return cfg
}

func server(c *Config) { c.Server, c.RPCPort, c.Expect = true, 8300, 3 }

func in(dir string) func(*Config) { return func(c *Config) { c.Dir, c.KeepKeys = dir, true } }

func keyed(keys ...[]byte) func(*Config) { return func(c *Config) { c.Keys = keys } }

// start runs an agent until the end of the test.
func start(t testing.TB, cfg Config) *Pool {
	t.Helper()
	p, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, p) })
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

func stop(t testing.TB, p *Pool) {
	t.Helper()
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

func join(t testing.TB, p *Pool, to ...*Pool) {
	t.Helper()
	var addrs []string
	for _, q := range to {
		addrs = append(addrs, q.Addr().String())
	}
	if _, err := p.Join(t.Context(), addrs); err != nil {
		t.Fatal(err)
	}
}

// form starts agents that know one another.
func form(t testing.TB, cfgs ...Config) []*Pool {
	t.Helper()
	var pools []*Pool
	for i, cfg := range cfgs {
		pools = append(pools, start(t, cfg))
		if i > 0 {
			join(t, pools[i], pools[0])
		}
	}
	for _, p := range pools {
		await(t, p, "all to be alive", func(members map[string]Member) bool {
			return len(members) == len(cfgs) && all(members, Alive)
		})
	}
	return pools
}

func byName(p *Pool) map[string]Member {
	members := map[string]Member{}
	for _, m := range p.Members() {
		members[m.Name] = m
	}
	return members
}

func all(members map[string]Member, s Status) bool {
	for m := range maps.Values(members) {
		if m.Status != s || m.Remembered {
			return false
		}
	}
	return true
}

// await waits until a pool's members are as they should be.
func await(t testing.TB, p *Pool, what string, ok func(map[string]Member) bool) {
	t.Helper()
	deadline := time.After(patience)
	for {
		changed := p.Changed()
		if ok(byName(p)) {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("%s waited for %s in vain, has %+v", p.cfg.Name, what, p.Members())
		}
	}
}

// becomes waits until a pool gives a member a status.
func becomes(t testing.TB, p *Pool, name string, s Status) {
	t.Helper()
	await(t, p, name+" to be "+string(s), func(m map[string]Member) bool { return m[name].Status == s && !m[name].Remembered })
}

// until waits for what no channel tells of.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(patience); !ok(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited for %s in vain", what)
		}
	}
}

// journal is a log that tests read.
type journal struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(p)
}

// lines returns the lines that hold all of the words.
func (j *journal) lines(words ...string) (found []string) {
	j.mu.Lock()
	defer j.mu.Unlock()
next:
	for line := range strings.Lines(j.buf.String()) {
		for _, w := range words {
			if !strings.Contains(line, w) {
				continue next
			}
		}
		found = append(found, line)
	}
	return found
}

func logging(j *journal) func(*Config) {
	return func(c *Config) { c.Logger = slog.New(slog.NewTextHandler(j, nil)) }
}

func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
