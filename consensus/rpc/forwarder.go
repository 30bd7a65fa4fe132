package rpc

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"muster/catalog"
	"muster/metrics"
)

const (
	// defaultPatience is how long a write or read waits when its context does not say.
	defaultPatience = 10 * time.Second
	// defaultAttempt bounds one question to the leader.
	defaultAttempt = 5 * time.Second
	// Bounds of the pause between attempts. A change of leader ends it.
	minPause = 20 * time.Millisecond
	maxPause = 250 * time.Millisecond
)

// ForwarderConfig says who an agent is and whom it can ask. State, Dial and Servers are needed.
type ForwarderConfig struct {
	// Member is this server's raft member; nil on a client (not a nil pointer in an interface).
	Member Member
	// Address is the host:port under which other members know this one; "" on a client.
	Address string
	// Node is this agent's id. It decides which server is its own.
	Node string
	// Datacenter is this agent's.
	Datacenter string
	// State is the copy that this agent answers from. It may be replaced by another.
	State func() *catalog.State
	// Dial connects to the RPC protocol of a server.
	Dial Dial
	// Servers are the host:port of all servers of this datacenter that are not known to have failed.
	Servers func() []string
	// Remote are those of another datacenter. Nil: this datacenter's servers are asked for its feed.
	Remote func(dc string) []string
	// Leader is Member.LeaderWatch for clients.
	Leader func() (addr string, changed <-chan struct{})
	// Stale tells clients how fresh State is.
	Stale func() catalog.Freshness
	// Attempt bounds one question to the leader, whose loss is mostly noticed before. 0: 5 s.
	Attempt time.Duration
	// Hold is how long Proxy and ProxyToLeader wait for a server to come in reach. 0: not at all.
	Hold    time.Duration
	Logger  *slog.Logger
	Metrics *metrics.RPC
}

// Forwarder asks servers on behalf of an agent. It is safe for concurrent use.
type Forwarder struct {
	cfg    ForwarderConfig
	links  *links
	spread *spread
	detour *detour

	ctx       context.Context // ends at Close
	end       context.CancelFunc
	indexes   map[catalog.Consistency]*indexes
	heard     atomic.Uint64 // the highest index of the log that a reply to a write spoke of
	closeOnce sync.Once

	mu       sync.Mutex
	followed map[string]*feed // the latest by datacenter
}

// NewForwarder returns a forwarder. It dials when it is first asked for something.
func NewForwarder(cfg ForwarderConfig) *Forwarder {
	if cfg.Attempt <= 0 {
		cfg.Attempt = defaultAttempt
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	f := &Forwarder{cfg: cfg, links: newLinks(cfg.Dial), spread: newSpread(cfg.Node), detour: newDetour(), followed: map[string]*feed{}}
	f.ctx, f.end = context.WithCancel(context.Background())
	f.indexes = map[catalog.Consistency]*indexes{
		catalog.Default:    newIndexes(f, catalog.Default),
		catalog.Consistent: newIndexes(f, catalog.Consistent),
	}
	return f
}

// Close ends everything under way, feeds included, cuts all connections, and
// returns when that is done. Afterwards writes and reads fail, but those of a leading Member.
func (f *Forwarder) Close() error {
	f.closeOnce.Do(func() {
		f.end()
		f.links.close()
		for _, x := range f.indexes {
			x.close()
		}
	})
	return nil
}

// Leader is the leader's host:port, "" while none is known.
func (f *Forwarder) Leader() string {
	addr, _ := f.leader()
	return addr
}

func (f *Forwarder) leader() (string, <-chan struct{}) {
	if f.cfg.Member != nil {
		return f.cfg.Member.LeaderWatch()
	}
	return f.cfg.Leader()
}

// Peers are the host:port of all servers of the raft configuration. A client asks
// a server for them and has none when no server answers.
func (f *Forwarder) Peers() []string {
	if f.cfg.Member != nil {
		return f.cfg.Member.Peers()
	}
	ctx, cancel := context.WithTimeout(f.ctx, 3*time.Second)
	defer cancel()
	for _, addr := range f.spread.order(f.cfg.Servers()) {
		if peers, err := f.peersOf(ctx, addr); err == nil {
			return peers
		}
	}
	return nil
}

// peersOf asks one server, in a part of the time: one that is silent leaves some for others.
func (f *Forwarder) peersOf(ctx context.Context, addr string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	r, _, err := f.call(ctx, addr, query{path: pathPeers})
	return r.Peers, err
}

// leads reports whether the leader at addr, or whoever it is by now, is this agent.
func (f *Forwarder) leads(addr string) bool {
	m := f.cfg.Member
	return m != nil && (addr != "" && addr == f.cfg.Address || m.IsLeader())
}

// target is the server to ask at a given attempt, "" for none, and whether that is to
// pass the question on to the leader. A server knows from raft who leads. What a client
// knows may be old, and it may not reach the leader: every second attempt, and all
// while the leader does not answer, go to other servers. A server that has had no
// leader for longer than an election lasts turns to others, too, about once a second:
// it may be cut off from the leader alone.
func (f *Forwarder) target(leader string, attempt int) (addr string, relay bool) {
	switch {
	case f.cfg.Member != nil && leader != "":
		return leader, false
	case f.cfg.Member != nil && (attempt < 8 || attempt%4 > 0):
		return "", false
	case leader != "" && attempt%2 == 0 && f.detour.direct(leader):
		return leader, false
	}
	others := slices.DeleteFunc(f.spread.order(f.cfg.Servers()), func(addr string) bool {
		return addr == leader || addr == f.cfg.Address
	})
	if len(others) == 0 {
		return leader, false
	}
	if well := slices.DeleteFunc(slices.Clone(others), f.detour.suspect); len(well) > 0 {
		others = well
	}
	return others[attempt/2%len(others)], true
}

var (
	errNoLeader = errors.New("no leader")
	errClosed   = errors.New("the agent is shutting down")
	errDeposed  = errors.New("another server leads now")
	errSlow     = errors.New("the leader did not answer in time")
)

// bound gives a context a deadline if it has none.
func bound(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, defaultPatience)
}

// pause waits before the attempt that follows a number of others: until the leader
// changes, at most a little longer each time. It returns false when there is no time for one.
func (f *Forwarder) pause(ctx context.Context, changed <-chan struct{}, attempts int) bool {
	return f.rest(ctx, changed, min(minPause<<min(attempts, 10), maxPause))
}

// rest is a pause of half the longest time to the whole.
func (f *Forwarder) rest(ctx context.Context, changed <-chan struct{}, longest time.Duration) bool {
	timer := time.NewTimer(longest/2 + rand.N(longest/2+1))
	defer timer.Stop()
	select {
	case <-changed:
	case <-timer.C:
	case <-ctx.Done():
		return false
	case <-f.ctx.Done():
		return false
	}
	return ctx.Err() == nil && f.ctx.Err() == nil
}
