package consensus

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"muster/catalog"

	"github.com/hashicorp/go-hclog"
)

// network connects members of a test over loopback, and parts them by pairs of addresses.
type network struct {
	mu     sync.Mutex
	parted map[pair]bool
	conns  map[*pairedConn]struct{}
}

type pair struct{ a, b string }

func pairOf(a, b string) pair { return pair{min(a, b), max(a, b)} }

// port is a member's transport in a network.
type port struct {
	net.Listener
	net *network
}

type pairedConn struct {
	net.Conn
	net  *network
	pair pair
}

func (c *pairedConn) Close() error {
	c.net.mu.Lock()
	delete(c.net.conns, c)
	c.net.mu.Unlock()
	return c.Conn.Close()
}

var errParted = errors.New("parted by the test")

func (p *port) Dial(addr string, timeout time.Duration) (net.Conn, error) {
	between := pairOf(p.Addr().String(), addr)
	raw, err := net.DialTimeout("tcp", addr, timeout)
	if err != nil {
		return nil, err
	}
	p.net.mu.Lock()
	defer p.net.mu.Unlock()
	if p.net.parted[between] {
		raw.Close()
		return nil, errParted
	}
	c := &pairedConn{raw, p.net, between}
	p.net.conns[c] = struct{}{}
	return c, nil
}

// part sets whether members can reach each other. Connections between those that cannot are closed.
func (n *network) part(parted bool, a string, others ...string) {
	n.mu.Lock()
	var doomed []net.Conn
	for _, b := range others {
		n.parted[pairOf(a, b)] = parted
		for c := range n.conns {
			if parted && c.pair == pairOf(a, b) {
				doomed = append(doomed, c)
			}
		}
	}
	n.mu.Unlock()
	for _, c := range doomed {
		c.Close()
	}
}

// member is a replica in a cluster of a test.
type member struct {
	*Replica
	state *catalog.State
	cfg   Config
	log   *logged
}

// cluster is some members, running or not.
type cluster struct {
	t       testing.TB
	net     *network
	members []*member
	pause   sync.RWMutex                     // held while members are replaced
	adjust  func(*Config)                    // of each new member; may be nil
	stores  func(id string) (*stores, error) // of each new member; nil: as the Config says
}

func newCluster(t testing.TB, adjust func(*Config)) *cluster {
	return &cluster{t: t, net: &network{parted: map[pair]bool{}, conns: map[*pairedConn]struct{}{}}, adjust: adjust}
}

// form returns a cluster of n voters that has a leader and can be written to.
func form(t testing.TB, n int, adjust func(*Config)) *cluster {
	t.Helper()
	c := newCluster(t, adjust)
	for range n {
		c.add("")
	}
	c.bootstrap()
	c.put(nil, "formed")
	for _, m := range c.members {
		until(t, "all members are ready", m.Ready)
	}
	return c
}

// calm is for tests in which no leader falls, on a machine so busy that one might.
func calm(cfg *Config) { cfg.HeartbeatTimeout = 2 * time.Second }

// put writes on whoever leads of the members that are not left out, again if leadership changes.
func (c *cluster) put(leftOut []*member, keys ...string) {
	c.t.Helper()
	for _, k := range keys {
		until(c.t, "key "+k+" is written", func() bool {
			_, err := c.leader(leftOut...).Apply(within(c.t), set(k))
			if err != nil && catalog.CodeOf(err) != catalog.Unavailable {
				c.t.Fatal(err)
			}
			return err == nil
		})
	}
}

// id is the node id of the i-th member.
func id(i int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", i+1) }

// add starts a new member without state, on disk if dir is not empty.
func (c *cluster) add(dir string) *member {
	c.t.Helper()
	m := &member{log: &logged{}, cfg: Config{Dir: dir, ID: id(len(c.members))}}
	c.members = append(c.members, m)
	c.start(m)
	return m
}

// listen takes an address, or a new one that will be there when its member comes back:
// the kernel gives ports of this range to nobody who does not ask for them.
func (c *cluster) listen(address string) net.Listener {
	c.t.Helper()
	for {
		ln, err := net.Listen("tcp", cmp.Or(address, fmt.Sprint("127.0.0.1:", 10000+rand.N(20000))))
		if err == nil {
			return ln
		}
		if address != "" || !errors.Is(err, syscall.EADDRINUSE) {
			c.t.Fatal(err)
		}
	}
}

// start opens a member at an address of its own, the former one if it had one.
func (c *cluster) start(m *member) {
	c.t.Helper()
	ln := c.listen(m.cfg.Address)
	var err error
	m.cfg.Address, m.cfg.Transport, m.cfg.Logger = ln.Addr().String(), &port{ln, c.net}, m.log.logger()
	if c.adjust != nil {
		c.adjust(&m.cfg)
	}
	m.state = catalog.New()
	if c.stores == nil {
		m.Replica, err = New(m.cfg, m.state)
	} else {
		m.Replica, err = open(m.cfg, m.state, func(hclog.Logger) (*stores, error) { return c.stores(m.cfg.ID) })
	}
	if err != nil {
		c.t.Fatal(err)
	}
	run(c.t, m.Replica)
}

// restart closes a member and starts it again with what it has on disk.
func (c *cluster) restart(m *member) {
	c.t.Helper()
	if err := m.Close(); err != nil {
		c.t.Fatal(err)
	}
	c.start(m)
}

// servers is the configuration of all members.
func (c *cluster) servers() []Server {
	var list []Server
	for _, m := range c.members {
		list = append(list, Server{ID: m.cfg.ID, Address: m.cfg.Address, Voter: true})
	}
	return list
}

func (c *cluster) bootstrap() {
	c.t.Helper()
	list := c.servers()
	for _, m := range c.members {
		// One may have been found by the others already.
		if err := m.Bootstrap(list); err != nil && catalog.CodeOf(err) != catalog.Conflict {
			c.t.Fatal(err)
		}
	}
}

// isolate cuts a member off from all others, and with parted false undoes that.
func (c *cluster) isolate(m *member, parted bool) {
	for _, o := range c.members {
		if o != m {
			c.net.part(parted, m.cfg.Address, o.cfg.Address)
		}
	}
}

// leader waits for an established leader among the members that are not left out.
func (c *cluster) leader(leftOut ...*member) *member {
	c.t.Helper()
	var found *member
	until(c.t, "there is a leader", func() bool {
		for _, m := range c.members {
			if !slices.Contains(leftOut, m) && m.IsLeader() {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

// others are the members that are not given.
func (c *cluster) others(given ...*member) []*member {
	var rest []*member
	for _, m := range c.members {
		if !slices.Contains(given, m) {
			rest = append(rest, m)
		}
	}
	return rest
}

// expect waits until members hold keys.
func (c *cluster) expect(on []*member, keys ...string) {
	c.t.Helper()
	for _, m := range on {
		for _, k := range keys {
			until(c.t, "member "+m.cfg.ID+" has key "+k, func() bool {
				p, _ := m.state.Snapshot().Pair(k)
				return p != nil && string(p.Value) == "value of "+k
			})
		}
	}
}
