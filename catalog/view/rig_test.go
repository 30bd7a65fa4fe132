package view

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"muster/catalog"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if addr := os.Getenv(followAddress); addr != "" {
		if err := reportMemory(addr); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// server is one that Views follow. Its fields may be changed under mu at any time.
type server struct {
	name string

	mu     sync.Mutex
	state  *catalog.State
	age    time.Duration
	ready  bool
	down   bool // refuses
	frozen bool // accepts and says nothing

	cuts []func()
}

func newServer(name string, state *catalog.State) *server {
	return &server{name: name, state: state, ready: true}
}

func (s *server) set(change func(*server)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

func (s *server) source() Source {
	return Source{
		State:  s.state,
		Age:    func() time.Duration { s.mu.Lock(); defer s.mu.Unlock(); return s.age },
		Leader: func() string { return s.name + ":8300" },
		Ready:  func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.ready },
	}
}

// cut ends all feeds.
func (s *server) cut() {
	s.mu.Lock()
	cuts := s.cuts
	s.cuts = nil
	s.mu.Unlock()
	for _, cut := range cuts {
		cut()
	}
}

// cluster opens feeds at its servers in turn and notes what it was asked for.
type cluster struct {
	ctx     context.Context
	servers []*server
	serving sync.WaitGroup

	mu    sync.Mutex
	next  int
	asked []string // "server since"
}

// namedPipe is a feed that says whose it is.
type namedPipe struct {
	net.Conn
	name string
}

func (p namedPipe) Server() string { return p.name }

func (c *cluster) open(_ context.Context, since uint64) (io.ReadCloser, error) {
	c.mu.Lock()
	s := c.servers[c.next%len(c.servers)]
	c.next++
	c.asked = append(c.asked, fmt.Sprint(s.name, " ", since))
	c.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return nil, errors.New("connection refused")
	}
	near, far := net.Pipe()
	ctx, cancel := context.WithCancel(c.ctx)
	s.cuts = append(s.cuts, cancel)
	frozen, src := s.frozen, s.source()
	c.serving.Go(func() {
		defer far.Close()
		defer cancel()
		if frozen {
			<-ctx.Done()
			return
		}
		_ = Serve(ctx, far, src, since) // the other side tells
	})
	return namedPipe{near, s.name}, nil
}

// asks returns how often somebody asked since the last call of requests.
func (c *cluster) asks() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.asked)
}

// requests returns what was asked for since the last call.
func (c *cluster) requests() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.asked
	c.asked = nil
	return out
}

// following runs a View of servers until the test ends or stop is called.
func following(t *testing.T, cfg Config, servers ...*server) (v *View, c *cluster, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	c = &cluster{ctx: ctx, servers: servers}
	cfg.Open = c.open
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	v, err := New(cfg)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() { v.Run(ctx) })
	stop = func() {
		cancel()
		running.Wait()
		c.serving.Wait()
	}
	t.Cleanup(stop)
	return v, c, stop
}

// registration is the i-th of a series of instances, each with a check.
func registration(i int) *catalog.Register {
	id := fmt.Sprintf("service-%05d-%d", i/10, i%10)
	return &catalog.Register{
		Node: catalog.Node{Name: fmt.Sprintf("node-%04d", i*7919%1000), Address: fmt.Sprintf("10.0.%d.%d", i*7919%1000/256, i*7919%1000%256)},
		Instance: &catalog.Instance{
			ID: id, Name: id[:len(id)-2], Tags: []string{"primary", "v1"}, Address: fmt.Sprintf("10.%d.%d.%d", 1+i>>16, i>>8&255, i&255),
			Port: 8080, Weights: catalog.DefaultWeights,
		},
		Checks: []*catalog.Check{{ID: "check:" + id, Name: "alive", Status: catalog.Passing, ServiceID: id, Type: "tcp"}},
	}
}

// filled returns a state with so many instances, at that index.
func filled(t testing.TB, count int) *catalog.State {
	t.Helper()
	s := catalog.New()
	for i := range count {
		add(t, s, registration(i))
	}
	return s
}

// add applies commands at the next indexes.
func add(t testing.TB, s *catalog.State, commands ...catalog.Command) {
	t.Helper()
	for _, c := range commands {
		if _, err := s.Apply(s.Applied()+1, c); err != nil {
			t.Fatal(err)
		}
	}
}

// rows renders what a View holds of a state, but for the index they are at.
func rows(t interface{ Fatal(...any) }, s *catalog.State) string {
	var b bytes.Buffer
	if err := s.Snapshot().PersistDiscovery(&b); err != nil {
		t.Fatal(err)
	}
	const head, sum = 16, 32
	return string(b.Bytes()[head : b.Len()-sum])
}

func sameRows(t testing.TB, got, want *catalog.State) {
	t.Helper()
	if rows(t, got) != rows(t, want) || got.Applied() != want.Applied() {
		t.Fatalf("%s: the copy at %d differs from the source at %d", t.Name(), got.Applied(), want.Applied())
	}
}
