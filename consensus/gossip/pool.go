package gossip

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/memberlist"

	"muster/catalog/durable"
)

// Pool is this agent's membership of a group of agents that watch one another.
type Pool struct {
	cfg    Config
	report *reporter
	book   *book
	keys   *keyring // nil: not encrypted
	net    Transport
	bound  netip.AddrPort // of net, or the advertised one if net cannot tell
	at     netip.AddrPort // what others reach this agent by
	queue  *memberlist.TransmitLimitedQueue
	calls  calls
	survey *survey     // nil: no coordinates
	known  membersFile // of the last run; not used after Start

	ctx    context.Context // ends at Close
	cancel context.CancelFunc
	work   sync.WaitGroup // goroutines, but for the reporter's
	inbox  chan []byte    // messages of other pools
	refute chan uint64    // a run of this agent that is said to be over

	displaced atomic.Bool // others know this agent at another address

	selfMu sync.Mutex
	self   meta // what this agent tells of itself

	publishing sync.Mutex // one publication at a time

	leaveMu sync.Mutex // held while Leave works

	mu      sync.Mutex
	list    *memberlist.Memberlist // nil: not started, or closed
	closed  bool
	leaving bool // Leave was called
}

// New checks the configuration, reads what the directory keeps and binds the
// sockets. Nothing is sent or answered before Start.
func New(cfg Config) (*Pool, error) {
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("gossip: %w", err)
	}
	if cfg.Dir != "" {
		if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
			return nil, fmt.Errorf("gossip: %w", err)
		}
		if err := durable.Sweep(cfg.Dir); err != nil {
			return nil, fmt.Errorf("gossip: %w", err)
		}
	}
	keys, differs, err := openKeyring(keyringPath(&cfg), cfg.Keys)
	if err != nil {
		return nil, fmt.Errorf("gossip: %w", err)
	}
	if err := cfg.checkExposure(keys != nil); err != nil {
		return nil, err
	}
	if differs {
		cfg.Logger.Warn("the configured gossip key is not the one that is used: keyring.json rules; change keys with keyring operations", "file", keyringPath(&cfg))
	}
	p := &Pool{
		cfg: cfg, keys: keys, net: cfg.Transport, report: newReporter(cfg.Logger),
		inbox: make(chan []byte, 128), refute: make(chan uint64, 1), calls: newCalls(),
	}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.book = newBook(cfg.Name, keep{failed: cfg.ReconnectTimeout, left: cfg.LeftTimeout}, p.report, cfg.Metrics)
	p.queue = &memberlist.TransmitLimitedQueue{RetransmitMult: cfg.Timing.RetransmitMult, NumNodes: func() int { return len(p.book.others()) + 1 }}
	p.known = p.readMembers()
	p.self = meta{
		WAN: cfg.WAN, Server: cfg.Server, Protocol: Protocol, RPCPort: cfg.RPCPort, Expect: cfg.Expect,
		ID: cfg.ID, Datacenter: cfg.Datacenter, Build: cfg.Build, Tags: maps.Clone(cfg.Tags),
		Run: max(uint64(time.Now().UnixMicro()), p.known.Run+1), // grows even if the clock was set back
	}
	if _, err := p.self.encode(); err != nil {
		return nil, fmt.Errorf("gossip: %w", err)
	}
	if !cfg.NoCoordinates {
		if p.survey, err = newSurvey(); err != nil {
			return nil, fmt.Errorf("gossip: %w", err)
		}
	}
	if err := p.bind(); err != nil {
		return nil, err
	}
	go p.report.run()
	return p, nil
}

func (p *Pool) bind() error {
	if p.net == nil {
		s, err := Listen(p.cfg.Bind, p.cfg.Logger)
		if err != nil {
			return err
		}
		p.net = s
	}
	ip, port, err := p.net.FinalAdvertiseAddr(advertised(p.cfg.Advertise), int(p.cfg.Advertise.Port()))
	if err != nil {
		return errors.Join(fmt.Errorf("gossip: %w", err), p.net.Shutdown())
	}
	addr, _ := netip.AddrFromSlice(ip)
	p.at = netip.AddrPortFrom(addr.Unmap(), uint16(port))
	p.bound = p.at
	if s, ok := p.net.(interface{ Addr() netip.AddrPort }); ok {
		p.bound = s.Addr()
	}
	return nil
}

// advertised is the address to advertise as memberlist takes it.
func advertised(a netip.AddrPort) string { return a.Addr().Unmap().String() }

// Addr is the address others reach this agent's gossip by.
func (p *Pool) Addr() netip.AddrPort { return p.at }

// Start begins to gossip, and to look for the members that were known before.
// After an error only Close is left to do.
func (p *Pool) Start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.list != nil {
		return errors.New("gossip: started already, or closed")
	}
	p.remember(p.known)
	list, err := memberlist.Create(p.settings())
	if err != nil {
		return fmt.Errorf("gossip: %w", err)
	}
	p.list = list
	p.work.Go(p.answer)
	p.work.Go(p.tend)
	p.work.Go(p.reconnect)
	return nil
}

// settings is how memberlist is to work.
func (p *Pool) settings() *memberlist.Config {
	c := memberlist.DefaultLANConfig()
	p.cfg.Timing.apply(c)
	c.Name, c.Transport = p.cfg.Name, p.net
	c.BindAddr, c.BindPort = p.bound.Addr().String(), int(p.bound.Port())
	c.AdvertiseAddr, c.AdvertisePort = advertised(p.at), int(p.at.Port())
	c.Logger = libraryLog{p.report, p.cfg.Metrics}.logger()
	c.EnableCompression = false // 64 KiB of tables for each packet, which is small anyway
	c.DeadNodeReclaimTime = time.Nanosecond
	c.DelegateProtocolMin, c.DelegateProtocolMax, c.DelegateProtocolVersion = 1, Protocol, Protocol
	if p.keys != nil {
		c.Keyring = p.keys.ring
	}
	d := &delegate{p}
	c.Delegate, c.Events, c.Alive, c.Merge, c.Conflict, c.Ping = d, d, d, d, d, d
	return c
}

// Members returns the members, this agent included, by name.
func (p *Pool) Members() []Member { return p.book.list() }

// Holder returns the member that was last heard to have an id. Who was not heard in
// this run, but is known from others or from disk, is only in Members.
func (p *Pool) Holder(id string) (Member, bool) { return p.book.holder(id) }

// Changed returns a channel that is closed at the next change of Members.
func (p *Pool) Changed() <-chan struct{} { return p.book.changes() }

// Encrypted tells whether there is a key.
func (p *Pool) Encrypted() bool { return p.keys != nil }

// Strain tells how far this agent falls behind the pace of gossip: 0 keeps up.
func (p *Pool) Strain() int {
	if list := p.running(); list != nil {
		return list.GetHealthScore()
	}
	return 0
}

// running returns memberlist between Start and Close, else nil.
func (p *Pool) running() *memberlist.Memberlist {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.list
}

// launch runs f in a goroutine that Close waits for; after Close it does nothing and returns false.
func (p *Pool) launch(f func()) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.work.Go(f)
	return true
}

var errNotRunning = errors.New("gossip: not started, or closed")

// Close ends gossip without a word: unless Leave went before, the others find
// that this agent failed. It returns when the pool's connections and goroutines
// have ended; memberlist itself may take one probe interval more to notice.
func (p *Pool) Close() error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		<-p.report.done
		return nil
	}
	p.closed = true
	list := p.list
	p.list = nil
	p.mu.Unlock()
	p.cancel()
	p.leaveMu.Lock() // memberlist panics at a leave after its end
	defer p.leaveMu.Unlock()
	var err error
	if list != nil {
		err = list.Shutdown()
	} else {
		err = p.net.Shutdown()
	}
	p.work.Wait()
	p.report.finish()
	return errors.Join(err, p.save())
}
