package resolver

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Reply is what a DNS server says to a question for the addresses of a name.
type Reply struct {
	Rcode string // "NOERROR", "NXDOMAIN", ...
	Addrs []netip.Addr
}

// Checker follows a question from muster outward to the programs of a host.
type Checker struct {
	Host   *Host
	Port53 []Listener // who listens there on this machine
	// Ask asks a server for the addresses of a name; an error means that it did not reply.
	Ask func(ctx context.Context, server netip.AddrPort, name string) (Reply, error)
	// Lookup asks as a program of this machine would, and says how. No address and no error: it found none.
	Lookup func(ctx context.Context, name string) (addrs []netip.Addr, how string, err error)
}

// Hop is a station on the way of a question.
type Hop struct {
	Hop  string // "muster", "resolver", "resolv.conf", "program"
	OK   bool
	Text string
}

// Report is what a check saw.
type Report struct {
	Name string
	OK   bool // every hop is
	Hops []Hop
}

func (r *Report) add(hop string, ok bool, format string, args ...any) {
	r.Hops = append(r.Hops, Hop{hop, ok, fmt.Sprintf(format, args...)})
	r.OK = ok && (r.OK || len(r.Hops) == 1)
}

// DefaultName is a name in a zone that has an answer wherever there is a server.
func DefaultName(zone string) string { return "consul.service." + zone }

// Check asks muster for a name, then the resolver, then as resolv.conf says, then as programs do, and compares.
// What comes first is what the rest hangs on: without an answer of muster's it goes no further.
func (c *Checker) Check(ctx context.Context, t *Target, kind Kind, resolver netip.AddrPort, name string) (*Report, error) {
	rc, err := c.Host.resolvConf()
	if err != nil {
		return nil, err
	}
	r := &Report{Name: name}
	ours, err := c.Ask(ctx, t.Server, name)
	switch {
	case err != nil:
		r.add("muster", false, "muster does not answer at %s: %v", t.Server, err)
		return r, nil
	case len(ours.Addrs) == 0:
		r.add("muster", false, "muster itself answers %s, without an address: name one that has some", ours.Rcode)
		return r, nil
	}
	r.add("muster", true, "muster at %s answers %s", t.Server, listed(ours.Addrs))
	first := rc.first()
	if kind == Resolvconf {
		c.hop(ctx, r, "resolv.conf", fmt.Sprintf("%s, whom %s asks,", first, resolvConfPath), netip.AddrPortFrom(first, 53), ours)
	} else {
		c.local(ctx, r, kind, resolver, ours)
		if first == resolver.Addr() {
			r.add("resolv.conf", true, "%s asks %s first", resolvConfPath, first)
		} else {
			c.hop(ctx, r, "resolv.conf", fmt.Sprintf("%s, whom %s asks rather than %s,", first, resolvConfPath, resolver.Addr()), netip.AddrPortFrom(first, 53), ours)
		}
	}
	if c.Host.Live() {
		c.program(ctx, r, ours)
	}
	return r, nil
}

// local asks the resolver of this machine, unless another program is seen in its place.
func (c *Checker) local(ctx context.Context, r *Report, kind Kind, at netip.AddrPort, ours Reply) {
	for _, l := range c.Port53 {
		if l.PID != 0 && l.Addr.Port() == at.Port() && l.takes(at.Addr()) && !ofKind(l.Program, kind) {
			r.add("resolver", false, "%s, where %s was to be, is %s", at, kind.Title(), &l)
			return
		}
	}
	c.hop(ctx, r, "resolver", kind.Title()+" at "+at.String(), at, ours)
}

// ofKind reports whether a program is the one that listens for a kind.
func ofKind(program string, kind Kind) bool {
	if kind == NetworkManager {
		kind = Dnsmasq
	}
	k, known := kindOf(program)
	return known && k == kind
}

// hop asks a server, and compares its reply with muster's.
func (c *Checker) hop(ctx context.Context, r *Report, hop, who string, server netip.AddrPort, ours Reply) {
	theirs, err := c.Ask(ctx, server, r.Name)
	switch {
	case err != nil:
		r.add(hop, false, "%s does not answer: %v", who, err)
	case len(theirs.Addrs) == 0:
		r.add(hop, false, "%s answers %s: it does not ask muster", who, theirs.Rcode)
	case !shared(theirs.Addrs, ours.Addrs):
		r.add(hop, false, "%s answers %s: it asks somebody else", who, listed(theirs.Addrs))
	default:
		r.add(hop, true, "%s answers %s", who, listed(theirs.Addrs))
	}
}

// program looks the name up as programs do.
func (c *Checker) program(ctx context.Context, r *Report, ours Reply) {
	addrs, how, err := c.Lookup(ctx, r.Name)
	switch {
	case err != nil:
		r.add("program", false, "a lookup by %s fails: %v", how, err)
	case len(addrs) == 0:
		r.add("program", false, "a lookup by %s finds nothing", how)
	case !shared(addrs, ours.Addrs):
		r.add("program", false, "a lookup by %s finds %s, which is not muster's answer", how, listed(addrs))
	default:
		r.add("program", true, "a lookup by %s finds %s", how, listed(addrs))
	}
}

// shared reports whether two answers have an address in common. Where muster draws a few of many
// instances no two answers need be the same.
func shared(a, b []netip.Addr) bool {
	return slices.ContainsFunc(a, func(x netip.Addr) bool { return slices.Contains(b, x) })
}

// shownAddrs is how many addresses a line shows.
const shownAddrs = 4

func listed(addrs []netip.Addr) string {
	texts := make([]string, 0, shownAddrs+1)
	for i, a := range addrs {
		if i == shownAddrs {
			texts = append(texts, fmt.Sprintf("and %d more", len(addrs)-i))
			break
		}
		texts = append(texts, a.String())
	}
	return strings.Join(texts, ", ")
}

// Listens is where a resolver of this machine takes questions: where it was seen to, or else where such a one does by default.
func Listens(kind Kind, listeners []Listener) netip.AddrPort {
	at := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	if kind == Resolved {
		at = netip.AddrFrom4([4]byte{127, 0, 0, 53})
	}
	for _, l := range listeners {
		if ofKind(l.Program, kind) && l.Protocol == "udp" && !l.Addr.Addr().IsUnspecified() {
			at = l.Addr.Addr()
			break
		}
	}
	return netip.AddrPortFrom(at, 53)
}
