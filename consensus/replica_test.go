package consensus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"muster/catalog"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		os.Exit(writeUntilKilled(dir))
	}
	goleak.VerifyTestMain(m)
}

const (
	// patience bounds every wait for something that should come soon.
	patience = 20 * time.Second
	nodeID   = "6d1f4a9e-0b9c-4d0e-9f3b-5a0d4a9c8e11"
)

// loopback is a transport of its own port.
type loopback struct{ net.Listener }

func (loopback) Dial(addr string, timeout time.Duration) (net.Conn, error) {
	return net.DialTimeout("tcp", addr, timeout)
}

func listen(t testing.TB) loopback {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return loopback{ln}
}

// config is that of a server which bootstraps in dir, on a port of its own.
func config(t testing.TB, dir string) Config {
	ln := listen(t)
	return Config{Dir: dir, ID: nodeID, Address: ln.Addr().String(), Transport: ln, Bootstrap: true}
}

// start opens and starts a replica that is closed with the test.
func start(t testing.TB, cfg Config) (*Replica, *catalog.State) {
	t.Helper()
	state := catalog.New()
	r, err := New(cfg, state)
	if err != nil {
		t.Fatal(err)
	}
	return run(t, r), state
}

func run(t testing.TB, r *Replica) *Replica {
	t.Helper()
	t.Cleanup(func() { r.Close() })
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	return r
}

// leader is start and a wait for leadership.
func leader(t testing.TB, cfg Config) (*Replica, *catalog.State) {
	t.Helper()
	r, state := start(t, cfg)
	awaitLead(t, r, true)
	return r, state
}

func awaitLead(t testing.TB, r *Replica, want bool) {
	t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case got := <-r.Leading():
			if got == want {
				return
			}
		case <-deadline:
			t.Fatalf("leadership did not become %v", want)
		}
	}
}

func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func set(key string) *catalog.SetKey {
	return &catalog.SetKey{Key: []byte(key), Value: []byte("value of " + key)}
}

func put(t testing.TB, r *Replica, keys ...string) {
	t.Helper()
	for _, k := range keys {
		if res, err := r.Apply(within(t), set(k)); err != nil || !res.OK {
			t.Fatalf("put %s: %+v, %v", k, res, err)
		}
	}
}

// keys returns n names of keys.
func keys(prefix string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("%s/%05d", prefix, i)
	}
	return out
}

func expectKeys(t testing.TB, state *catalog.State, want ...string) {
	t.Helper()
	snap := state.Snapshot()
	for _, k := range want {
		p, _ := snap.Pair(k)
		if p == nil {
			t.Fatalf("key %s is lost", k)
		}
		if string(p.Value) != "value of "+k {
			t.Fatalf("key %s has value %q", k, p.Value)
		}
	}
}

// dump is everything a state holds, as bytes.
func dump(t testing.TB, state *catalog.State) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := state.Snapshot().Persist(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestReopenHasEverything(t *testing.T) {
	cfg := config(t, t.TempDir())
	r, state := leader(t, cfg)
	put(t, r, keys("a", 50)...)
	if _, err := r.Apply(within(t), &catalog.Register{Node: catalog.Node{Name: "n1", Address: "10.0.0.1"}}); err != nil {
		t.Fatal(err)
	}
	before := dump(t, state)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	cfg.Transport = listen(t)
	r, state = leader(t, cfg)
	if !r.Ready() {
		t.Error("leads but is not ready")
	}
	if !bytes.Equal(before, dump(t, state)) {
		t.Error("the state differs after a restart")
	}
	put(t, r, "after")
}

// until polls until ok.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !ok(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatal("in vain waited until " + what)
		}
	}
}

func TestOneAgentPerDirectory(t *testing.T) {
	cfg := config(t, t.TempDir())
	r, _ := leader(t, cfg)
	second := cfg
	second.Transport = listen(t)
	_, err := New(second, catalog.New())
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("in use by another agent (process %d)", os.Getpid())) {
		t.Fatalf("second open: %v", err)
	}
	put(t, r, "still", "works")
	r.Close()
	leader(t, second)
}

func TestTwoReplicasInOneProcess(t *testing.T) {
	for range 2 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			r, state := leader(t, config(t, t.TempDir()))
			put(t, r, keys("a", 20)...)
			expectKeys(t, state, keys("a", 20)...)
		})
	}
}

func TestCloseUnderLoad(t *testing.T) {
	r, state := leader(t, config(t, t.TempDir()))
	var work sync.WaitGroup
	acked := make([][]string, 8)
	for w := range acked {
		work.Go(func() {
			for i := 0; ; i++ {
				k := fmt.Sprintf("%d/%d", w, i)
				if _, err := r.Apply(context.Background(), set(k)); err != nil {
					if catalog.CodeOf(err) != catalog.Unavailable {
						t.Errorf("Apply while closing: %v", err)
					}
					return
				}
				acked[w] = append(acked[w], k)
			}
		})
	}
	until(t, "there is load", func() bool { return state.Applied() > 50 })
	var closing sync.WaitGroup
	for range 3 {
		closing.Go(func() {
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	closing.Wait()
	work.Wait()
	for _, a := range acked {
		expectKeys(t, state, a...)
	}
	awaitLead(t, r, false)
}

func TestCloseWithoutStart(t *testing.T) {
	cfg := config(t, t.TempDir())
	r, err := New(cfg, catalog.New())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := cfg.Transport.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("transport after Close: %v", err)
	}
}

func TestTransportClosedFirst(t *testing.T) {
	cfg := config(t, "")
	log := &logged{}
	cfg.Logger = log.logger()
	r, _ := leader(t, cfg)
	cfg.Transport.Close()
	put(t, r, "alone")
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(log.String(), "failed to accept") {
		t.Error(log.String())
	}
}

func TestConfigNamesAllThatIsMissing(t *testing.T) {
	_, err := New(Config{}, catalog.New())
	for _, name := range []string{"ID", "Address", "Transport"} {
		if err == nil || !strings.Contains(err.Error(), name+" is missing") {
			t.Errorf("no word of %s: %v", name, err)
		}
	}
}
