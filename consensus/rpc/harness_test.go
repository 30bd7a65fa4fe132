package rpc

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"muster/catalog"
	"muster/catalog/view"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait for something that should come soon.
const patience = 20 * time.Second

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// eventually polls until cond holds.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !cond(); {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		<-time.After(time.Millisecond)
	}
}

// cluster is servers that share one log without raft.
type cluster struct {
	t *testing.T

	mu      sync.Mutex
	log     []catalog.Command
	leader  string
	changed chan struct{}
	nodes   []*node
}

// node is a server with its copy of the state.
type node struct {
	*cluster
	addr   string
	state  *catalog.State
	ln     *cutter
	server *Server
	relay  *Forwarder
	api    atomic.Pointer[http.HandlerFunc]
	ready  atomic.Bool
	lags   atomic.Bool // it does not apply what others write

	faults  atomic.Pointer[faults]
	indexed atomic.Int64 // ReadIndex calls
}

// faults are called by a member; nil ones are not.
type faults struct {
	before func(context.Context) error // before a command is written
	after  func(context.Context) error // once it is applied: an error is returned in spite of that
	index  func(context.Context) error // by ReadIndex
}

func (n *node) fault(f faults) { n.faults.Store(&f) }

func (n *node) faulty(ctx context.Context, of func(*faults) func(context.Context) error) error {
	if f := n.faults.Load(); f != nil && of(f) != nil {
		return of(f)(ctx)
	}
	return nil
}

// newCluster starts servers, the first of which leads.
func newCluster(t *testing.T, servers int) *cluster {
	c := &cluster{t: t, changed: make(chan struct{})}
	for range servers {
		c.nodes = append(c.nodes, c.serve())
	}
	for _, n := range c.nodes {
		n.relay = c.agent(n)
	}
	c.lead(c.nodes[0].addr)
	return c
}

func (c *cluster) serve() *node {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		c.t.Fatal(err)
	}
	n := &node{cluster: c, addr: ln.Addr().String(), state: catalog.New(), ln: &cutter{Listener: ln, conns: map[net.Conn]struct{}{}}}
	n.ready.Store(true)
	n.server = NewServer(ServerConfig{
		Listener: n.ln, Address: n.addr, Member: n, State: func() *catalog.State { return n.state }, Datacenter: "dc1",
		Feed: n.feed, Relay: func() *Forwarder { return n.relay },
		API: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if h := n.api.Load(); h != nil {
				(*h)(w, r)
			}
		}),
	})
	n.server.Start()
	c.t.Cleanup(func() {
		if err := n.server.Close(); err != nil {
			c.t.Errorf("close server: %v", err)
		}
	})
	return n
}

func (n *node) serves(h http.HandlerFunc) { n.api.Store(&h) }

func (n *node) feed(dc string) (view.Source, bool) {
	return view.Source{
		State: n.state, Ready: n.ready.Load, Leader: n.Leader,
		Age: func() time.Duration { return 0 },
	}, dc == "dc1"
}

// lead makes another server the leader, or with "" none.
func (c *cluster) lead(addr string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leader = addr
	close(c.changed)
	c.changed = make(chan struct{})
}

func (c *cluster) LeaderWatch() (string, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.leader, c.changed
}

func (c *cluster) Leader() string { addr, _ := c.LeaderWatch(); return addr }

func (c *cluster) Peers() []string {
	var peers []string
	for _, n := range c.nodes {
		peers = append(peers, n.addr)
	}
	return peers
}

// written is the log.
func (c *cluster) written() []catalog.Command {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.log
}

func (n *node) IsLeader() bool { return n.Leader() == n.addr }

// Apply implements Member.
func (n *node) Apply(ctx context.Context, cmd catalog.Command) (catalog.Result, error) {
	if !n.IsLeader() {
		return catalog.Result{}, nothing.err("not the leader")
	}
	if err := n.faulty(ctx, func(f *faults) func(context.Context) error { return f.before }); err != nil {
		return catalog.Result{}, err
	}
	res, err := n.append(cmd)
	if lost := n.faulty(ctx, func(f *faults) func(context.Context) error { return f.after }); lost != nil {
		return catalog.Result{}, lost
	}
	return res, err
}

func (n *node) append(cmd catalog.Command) (res catalog.Result, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.log = append(n.log, cmd)
	for _, other := range n.nodes {
		if other == n {
			res, err = n.catchUp()
		} else if !other.lags.Load() {
			other.catchUp()
		}
	}
	return res, err
}

// catchUp applies what the state lacks of the log, whose lock is held.
func (n *node) catchUp() (res catalog.Result, err error) {
	for i := n.state.Applied(); i < uint64(len(n.log)); i++ {
		res, err = n.state.Apply(i+1, n.log[i])
	}
	return res, err
}

// arrive ends a lag.
func (n *node) arrive() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lags.Store(false)
	n.catchUp()
}

// Read implements Member.
func (n *node) Read(_ context.Context, mode catalog.Consistency) (catalog.Freshness, error) {
	if mode == catalog.Stale {
		return catalog.Freshness{KnownLeader: n.Leader() != "", LastContact: time.Minute}, nil
	}
	if !n.IsLeader() {
		return catalog.Freshness{}, catalog.Errorf(catalog.Unavailable, "not the leader")
	}
	return catalog.Freshness{KnownLeader: true}, nil
}

// ReadIndex implements Member.
func (n *node) ReadIndex(ctx context.Context, _ catalog.Consistency) (uint64, error) {
	n.indexed.Add(1)
	if err := n.faulty(ctx, func(f *faults) func(context.Context) error { return f.index }); err != nil {
		return 0, err
	}
	if !n.IsLeader() {
		return 0, catalog.Errorf(catalog.Unavailable, "not the leader")
	}
	return n.state.Applied(), nil
}

// die cuts a server off: its connections end and nobody gets new ones.
func (n *node) die() {
	n.ln.Close()
	n.ln.cut()
}

// cutter is a listener whose connections can be cut all at once.
type cutter struct {
	net.Listener
	mu    sync.Mutex
	conns map[net.Conn]struct{}
	count int
	ice   sync.RWMutex // held for writing while the server's connections are frozen
}

func (c *cutter) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.conns[conn] = struct{}{}
		c.count++
		conn = &icy{conn, c}
	}
	return conn, err
}

// icy is a connection that a freeze stops.
type icy struct {
	net.Conn
	of *cutter
}

func (i *icy) Read(p []byte) (int, error) {
	n, err := i.Conn.Read(p)
	i.of.ice.RLock()
	defer i.of.ice.RUnlock()
	return n, err
}

func (c *cutter) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn := range c.conns {
		conn.Close()
	}
	clear(c.conns)
}

func (c *cutter) accepted() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count
}

func dialTCP(ctx context.Context, _, addr string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "tcp", addr)
}

// agent returns the forwarder of a server, or with nil of a client whose state is
// the one of the last server, and which knows the leader as that does.
func (c *cluster) agent(n *node, change ...func(*ForwarderConfig)) *Forwarder {
	last := c.nodes[len(c.nodes)-1]
	cfg := ForwarderConfig{
		Node: "an agent", Datacenter: "dc1", Dial: dialTCP, Servers: c.Peers,
		State: func() *catalog.State { return last.state }, Leader: c.LeaderWatch,
		Stale: func() catalog.Freshness { return catalog.Freshness{LastContact: time.Second} },
	}
	if n != nil {
		cfg.Member, cfg.Address, cfg.State = n, n.addr, func() *catalog.State { return n.state }
	}
	for _, f := range change {
		f(&cfg)
	}
	f := NewForwarder(cfg)
	c.t.Cleanup(func() { f.Close() })
	return f
}

// knows makes a client believe that a server leads, for ever.
func knows(addr string) func(*ForwarderConfig) {
	return func(cfg *ForwarderConfig) {
		never := make(chan struct{})
		cfg.Leader = func() (string, <-chan struct{}) { return addr, never }
	}
}

func set(key string) *catalog.SetKey { return &catalog.SetKey{Key: []byte(key), Value: []byte("v")} }

func create(key string) *catalog.SetKey {
	return &catalog.SetKey{Key: []byte(key), Value: []byte("v"), CAS: true}
}

func register(name string) *catalog.Register {
	return &catalog.Register{Node: catalog.Node{Name: name, Address: "10.0.0.1"}}
}

var errCut = errors.New("the fault of this test")

func contains(err error, text string) bool { return err != nil && strings.Contains(err.Error(), text) }
