package gossip

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"time"
	"unicode"

	"github.com/hashicorp/memberlist"

	"muster/metrics"
)

// Protocol is the version of what agents say to one another.
const Protocol = 1

// Transport carries packets and streams. Tests wrap one of Listen to cut or to slow it.
type Transport = memberlist.Transport

// Packet is what a Transport's PacketCh delivers.
type Packet = memberlist.Packet

// Config says who this agent is and where it gossips.
type Config struct {
	WAN        bool   // the pool of the servers of all datacenters
	Name       string // of the node, without the datacenter
	ID         string // of the node
	Datacenter string
	Server     bool // always so in the WAN pool
	RPCPort    uint16
	Build      string
	Expect     int               // bootstrap_expect; 0: not set
	Tags       map[string]string // SetTags changes them

	Bind      netip.AddrPort // port 0: any free one
	Advertise netip.AddrPort // what others reach it by; no address: Bind's, port 0: the one that was bound
	Dev       bool           // a public or wildcard address needs no key

	// NoCoordinates keeps this agent from finding out where in the network it is, and from telling.
	NoCoordinates bool

	Dir              string        // for members.json and keyring.json; "": nothing is kept
	Keys             [][]byte      // 16, 24 or 32 bytes each, the first encrypts; nil: gossip is in the clear
	KeepKeys         bool          // in Dir; from then on the file rules and Keys is only for its first writing
	RejoinAfterLeave bool          // members met before are met again after a Leave, too
	ReconnectTimeout time.Duration // a failed member is tried again for this long, then forgotten; 0: 72 h
	LeftTimeout      time.Duration // a member that left is forgotten after this; 0: 24 h
	Timing           Timing

	// Resolve finds the addresses of a host name; nil: the system's resolver.
	Resolve   func(ctx context.Context, host string) ([]netip.Addr, error)
	Transport Transport           // nil: sockets on Bind. It belongs to the pool from a New that succeeds on
	Logger    *slog.Logger        // nil: nothing is logged
	Metrics   *metrics.GossipPool // nil: nothing is counted
}

// check fills in defaults and refuses what cannot work. Keys are checked apart, after the keyring file was read.
func (c *Config) check() error {
	if err := checkName("name", c.Name); err != nil {
		return err
	}
	if err := checkName("datacenter", c.Datacenter); err != nil {
		return err
	}
	if err := checkName("id", c.ID); err != nil {
		return err
	}
	if c.WAN {
		if !c.Server {
			return errors.New("only servers may be in the WAN pool")
		}
		c.Name += "." + c.Datacenter
	}
	if c.Server && c.RPCPort == 0 {
		return errors.New("a server must tell its server port")
	}
	if !c.Bind.IsValid() {
		return errors.New("the bind address is not set")
	}
	if !c.Advertise.Addr().IsValid() {
		c.Advertise = netip.AddrPortFrom(c.Bind.Addr(), c.Advertise.Port())
	}
	if a := c.Advertise.Addr(); a.IsUnspecified() || a.IsMulticast() {
		return fmt.Errorf("%s is not an address that others can reach: an address to advertise is needed", a)
	}
	c.defaults()
	if c.Timing.ProbeTimeout >= c.Timing.ProbeInterval {
		return fmt.Errorf("the probe timeout, %s, must be shorter than the interval, %s", c.Timing.ProbeTimeout, c.Timing.ProbeInterval)
	}
	return nil
}

func (c *Config) defaults() {
	c.ReconnectTimeout = cmp.Or(c.ReconnectTimeout, 72*time.Hour)
	c.LeftTimeout = cmp.Or(c.LeftTimeout, 24*time.Hour)
	if c.WAN {
		c.Timing = c.Timing.or(WANTiming())
	} else {
		c.Timing = c.Timing.or(LANTiming())
	}
	if c.Resolve == nil {
		c.Resolve = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
}

// checkExposure refuses gossip in the clear where strangers may hear and speak.
func (c *Config) checkExposure(encrypted bool) error {
	if encrypted || c.Dev {
		return nil
	}
	for _, a := range []netip.Addr{c.Bind.Addr(), c.Advertise.Addr()} {
		if a.IsUnspecified() {
			return fmt.Errorf("gossip on the wildcard address %s needs a key (encrypt): bind it to a private address, or set one", a)
		}
		if !private(a) {
			return fmt.Errorf("gossip on the public address %s needs a key (encrypt)", a)
		}
	}
	return nil
}

// sharedSpace is what carriers give to many customers (RFC 6598).
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")

// private tells of addresses that the internet does not route.
func private(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || sharedSpace.Contains(a)
}

// maxName bounds names and ids, in bytes.
const maxName = 128

func checkName(what, s string) error { return checkText(what, s, maxName) }

func checkText(what, s string, limit int) error {
	odd := func(r rune) bool {
		return !unicode.IsGraphic(r) || unicode.IsSpace(r) || r == '/' || r == unicode.ReplacementChar
	}
	switch {
	case s == "":
		return fmt.Errorf("the %s is not set", what)
	case len(s) > limit:
		return fmt.Errorf("the %s is longer than %d bytes", what, limit)
	case strings.ContainsFunc(s, odd):
		return fmt.Errorf("the %s %q holds a space, a slash or what cannot be printed", what, s)
	}
	return nil
}
