package dns

import (
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/miekg/dns"

	"muster/catalog"
)

// Question is what a resolver is asked, class IN understood.
type Question struct {
	Name string // fully qualified, in presentation form, spelled as asked
	Type uint16
	UDP  bool // asked over UDP: ANY gets one RRset (RFC 8482), Config.UDPAnswerLimit applies
	// Client is who asks, or on whose behalf; answers that begin near it depend on it. Invalid: not known.
	Client netip.Addr
}

// Answer is what a resolver says and why. The records are the caller's.
type Answer struct {
	Rcode         int
	Authoritative bool
	Answer        []dns.RR
	Ns            []dns.RR
	Extra         []dns.RR
	Reason        Reason
	// Stale marks an answer from a view older than Config.StaleAfter.
	Stale bool
	// Outside is the target of the answer's last CNAME when it lies in no zone of
	// ours; whoever may ask recursors goes on from there with the type asked.
	Outside string
	// Personal marks an answer that depends on Question.Client.
	Personal bool
}

// Resolver answers questions from views of the catalog. It is immutable, has no
// clock and does no I/O: the same question, view and random numbers give the same answer.
type Resolver struct {
	cfg      Config
	zones    []*zone
	ttls     ttls
	nodeTTL  uint32
	maxAge   time.Duration
	metaKeys []string
}

// NewResolver makes the resolver of a configuration, which it validates and keeps:
// the caller must not change its slices afterwards.
func NewResolver(cfg Config) (*Resolver, error) {
	if err := cfg.Validate().Err(); err != nil {
		return nil, err
	}
	r := &Resolver{
		cfg: cfg, ttls: newTTLs(cfg.ServiceTTL), nodeTTL: seconds(cfg.NodeTTL),
		maxAge: max(cfg.MaxStale, cfg.StaleAfter), metaKeys: cfg.ServiceMetaTXT,
	}
	if !cfg.AllowStale {
		r.maxAge = cfg.StaleAfter
	}
	r.zones = cfg.domains()
	records, _ := cfg.statics(r.zones)
	for _, s := range records {
		s.zone.static.add(s.labels, s.rr)
	}
	for _, n := range cfg.ReverseNetworks {
		r.zones = append(r.zones, newZone(reverseOrigin(n), true))
	}
	return r, nil
}

// Resolve answers a question from a view. It is safe for concurrent use when rng is.
func (r *Resolver) Resolve(q Question, v View, rng *rand.Rand) Answer {
	return r.resolve(q, v, rng, nil, nil)
}

// resolve is Resolve; a trace that is not nil is told of every step, a watch of all that was read.
func (r *Resolver) resolve(q Question, v View, rng *rand.Rand, t *trace, w *watch) Answer {
	labels := splitName(q.Name)
	z := r.zoneOf(labels)
	addr, reverse := reverseAddr(labels)
	if z == nil && !reverse {
		return notInZone()
	}
	if !v.Ready {
		return failed(NotReady)
	}
	if v.Age > r.maxAge {
		return failed(TooStale)
	}
	seen := reads{v.Snapshot, w}
	if z == nil {
		if !known(seen, addr) {
			return notInZone()
		}
		z = newZone(reverseOrigin(hostPrefix(addr)), true)
	}
	l := &lookup{Resolver: r, view: v, snap: seen, dc: r.cfg.Datacenter, rng: rng, udp: q.UDP, client: q.Client, trace: t}
	a := l.in(z, labels, q.Name).answer(labels, q.Type)
	a.Stale = a.Stale || v.Age > r.cfg.StaleAfter
	return a
}

func notInZone() Answer {
	return Answer{Rcode: dns.RcodeRefused, Reason: Reason{Kind: NotInZone}}
}

func failed(k Kind) Answer {
	return Answer{Rcode: dns.RcodeServerFailure, Reason: Reason{Kind: k}}
}

// lookup is one question on its way through one snapshot.
type lookup struct {
	*Resolver
	view View   // of this datacenter
	snap reads  // of the datacenter the name is in
	dc   string // that one's name
	rng  *rand.Rand
	udp  bool
	// prefers says that the name is a service's: near instances may come before others, or instead of them.
	prefers bool
	client  netip.Addr
	stale   bool // snap is a copy that was not confirmed for a while

	trace   *trace // nil: nobody asks why
	step    *Step  // of the name looked up; nil likewise
	zone    *zone
	name    string   // the name looked up, spelled as asked
	origin  string   // the zone's origin, spelled as in name
	domain  string   // what the names in our records end in: origin, or our domain in a reverse zone
	visited []string // names that CNAMEs led through to here, folded
}

// in returns a copy of the lookup for a name in a zone.
func (l *lookup) in(z *zone, labels []label, name string) *lookup {
	c := *l
	c.zone, c.name, c.step, c.prefers = z, name, l.trace.begin(z, name), false
	c.origin = name[labels[len(labels)-len(z.labels)].at:] // no zone of ours is the root
	c.domain = c.origin
	if z.reverse {
		c.domain = c.zones[0].origin
	}
	return &c
}

// answer answers for a name in the lookup's zone.
func (l *lookup) answer(labels []label, qtype uint16) Answer {
	below := len(labels) - len(l.zone.labels)
	if l.zone.reverse {
		return l.pointer(labels, below == 0, qtype)
	}
	name := texts(labels[:below])
	records, exists := l.zone.static.at(name)
	if len(records) > 0 && (below > 0 || !apexOwn(qtype)) {
		return l.static(records, qtype)
	}
	a := l.derived(parseName(name), qtype)
	if exists && a.Rcode == dns.RcodeNameError && len(a.Answer) == 0 {
		return l.nodata(Reason{Kind: EmptyNonTerminal}) // a configured record stands below
	}
	return a
}

// derived answers for a name of the lookup's domain from the catalog.
func (l *lookup) derived(r request, qtype uint16) Answer {
	l.step.read(r)
	if r.dc != "" && !catalog.EqualFold(r.dc, l.cfg.Datacenter) {
		return l.abroad(r, qtype)
	}
	home, _ := l.over(l.cfg.Datacenter) // an alias may have led here from abroad
	return home.local(r, qtype)
}

// abroad answers for a name of another datacenter, from what this agent holds of it.
func (l *lookup) abroad(r request, qtype uint16) Answer {
	there, why := l.over(r.dc)
	switch {
	case there != nil:
		a := there.local(r, qtype)
		a.Stale = a.Stale || there.stale
		return a
	case why == UnknownDatacenter:
		return l.nxdomain(Reason{Kind: why, Subject: r.dc})
	}
	return failed(why)
}

// over returns the lookup in another datacenter, or nil and why there can be none.
func (l *lookup) over(dc string) (there *lookup, why Kind) {
	c := *l
	if catalog.EqualFold(dc, l.cfg.Datacenter) {
		c.snap, c.dc, c.stale = reads{l.view.Snapshot, l.snap.watch}, l.cfg.Datacenter, false
		return &c, OK
	}
	if l.view.Remote == nil {
		return nil, UnknownDatacenter
	}
	l.snap.sawAbroad()
	v, known := l.view.Remote(dc)
	switch {
	case !known:
		return nil, UnknownDatacenter
	case !v.Ready:
		return nil, NotReady
	case v.Age > l.maxAge:
		return nil, TooStale
	}
	c.snap, c.dc, c.stale = reads{v.Snapshot, l.snap.watch}, catalog.Fold(dc), v.Age > l.cfg.StaleAfter
	return &c, OK
}

// local answers for a name of the datacenter that the lookup is in.
func (l *lookup) local(r request, qtype uint16) Answer {
	if why, so := r.nowhere(); so {
		return l.nxdomain(why)
	}
	switch r.form {
	case formApex:
		return l.apex(qtype)
	case formNameServer:
		return l.nameServer(qtype)
	case formNonTerminal:
		return l.nodata(Reason{Kind: EmptyNonTerminal})
	case formService:
		return l.service(r, qtype)
	case formInstance:
		return l.instance(r, qtype)
	case formBrowse:
		return l.browse(r.label, qtype)
	case formNode:
		return l.node(r.node, qtype)
	case formAddr:
		return l.addr(r.addr, qtype)
	case formPrepared:
		return l.prepared(r, qtype)
	}
	panic("dns: a form of name without an answer")
}

// found is an answer with records. Without any it is NODATA for the reason given.
func (l *lookup) found(records []dns.RR, otherwise Kind) Answer {
	if len(records) == 0 {
		return l.nodata(Reason{Kind: otherwise})
	}
	return Answer{Authoritative: true, Answer: records}
}

// addr answers HEX.addr names, whose address stands in the name.
func (l *lookup) addr(a netip.Addr, qtype uint16) Answer {
	if t := typeOf(a); qtype != t && qtype != dns.TypeANY {
		if qtype == dns.TypeA || qtype == dns.TypeAAAA {
			return l.nodata(Reason{Kind: WrongFamily})
		}
		return l.nodata(Reason{Kind: NoSuchType})
	}
	l.step.ttl(l.nodeTTL, nodeTTLKey)
	return l.found([]dns.RR{addressRecord(l.name, a, l.nodeTTL)}, NoSuchType)
}
