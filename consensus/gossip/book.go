package gossip

import (
	"cmp"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"time"

	"muster/metrics"
)

// book is what this agent knows of every member. memberlist forgets the dead
// within a minute; the book keeps them. It is written under memberlist's locks
// and so never calls memberlist.
type book struct {
	self    string // this agent's name in the pool
	keep    keep
	report  *reporter
	metrics *metrics.GossipPool
	now     func() time.Time

	mu      sync.Mutex
	members map[string]*entry
	holders map[string]string // id -> name of the member that was last heard to have it
	changed chan struct{}     // closed at the next change
	version uint64            // counts changes
}

// keep is how long members that are gone stay in the book.
type keep struct{ failed, left time.Duration }

// of is how long one that left, or one that failed, is kept.
func (k keep) of(left bool) time.Duration {
	if left {
		return k.left
	}
	return k.failed
}

// entry is a member. Two facts make its status: whether memberlist hears of it,
// and whether its run is over.
type entry struct {
	Member
	meta   meta
	alive  bool   // memberlist has it among the living, or, of a remembered one, had
	over   uint64 // runs up to this one have ended on purpose
	pruned bool   // not shown once it has left

	greet bool      // it started again, and may not know whom it was with
	tries int       // to reach it since it failed
	next  time.Time // try not before
}

func newBook(self string, keep keep, report *reporter, m *metrics.GossipPool) *book {
	return &book{
		self: self, keep: keep, report: report, metrics: m, now: time.Now,
		members: map[string]*entry{}, holders: map[string]string{}, changed: make(chan struct{}),
	}
}

// status follows from the two facts.
func (e *entry) status() Status {
	switch over := e.over >= e.meta.Run; {
	case e.alive && over:
		return Leaving
	case e.alive:
		return Alive
	case over:
		return Left
	default:
		return Failed
	}
}

// hidden tells of a member that is kept only so that others' records do not bring it back.
func (e *entry) hidden() bool { return e.pruned && e.Status == Left }

// describe takes over what a member tells of itself, and from where.
func (e *entry) describe(at netip.AddrPort, m meta) {
	e.meta = m
	e.Addr, e.Port = at.Addr(), at.Port()
	e.ID, e.Server, e.Datacenter = m.ID, m.Server, m.Datacenter
	e.Build, e.Protocol, e.Expect, e.Tags = m.Build, m.Protocol, m.Expect, m.Tags
	e.RPC = netip.AddrPort{}
	if m.Server {
		e.RPC = netip.AddrPortFrom(at.Addr(), m.RPCPort)
	}
}

// settle brings the status in line with the facts, tells of it, and wakes those who wait. since is when it came to be so.
func (b *book) settle(e *entry, since time.Time) {
	if was, is := e.Status, e.status(); was != is {
		e.Status, e.Since = is, since
		e.tries, e.next = 0, time.Time{}
		b.announce(e, was)
	}
	b.touch()
}

func (b *book) announce(e *entry, was Status) {
	args := []any{"member", e.Name, "id", e.ID, "address", netip.AddrPortFrom(e.Addr, e.Port).String()}
	switch {
	case e.Name == b.self:
		return
	case e.Status == Alive && was == Leaving:
		b.report.report(slog.LevelInfo, "member stays after all", args...)
	case e.Status == Alive:
		b.metrics.Joined()
		b.report.report(slog.LevelInfo, "member joined", args...)
	case e.Status == Leaving:
		b.report.report(slog.LevelInfo, "member is leaving", args...)
	case e.Status == Left:
		b.report.report(slog.LevelInfo, "member left", args...)
	case e.Status == Failed:
		b.metrics.Failed()
		b.report.report(slog.LevelWarn, "member failed", args...)
	}
}

// touch tells of a change.
func (b *book) touch() {
	b.version++
	close(b.changed)
	b.changed = make(chan struct{})
}

// list returns the members by name.
func (b *book) list() []Member {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := make([]Member, 0, len(b.members))
	for _, e := range b.members {
		if !e.hidden() {
			list = append(list, e.Member)
		}
	}
	slices.SortFunc(list, func(x, y Member) int { return cmp.Compare(x.Name, y.Name) })
	return list
}

// count counts the members shown, by status.
func (b *book) count() map[string]int {
	counts := map[string]int{}
	for _, m := range b.list() {
		counts[string(m.Status)]++
	}
	return counts
}

// changes returns a channel that is closed at the next change.
func (b *book) changes() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.changed
}

// others returns the living members that were heard in this run, but for this agent.
func (b *book) others() []Member {
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []Member
	for _, e := range b.members {
		if e.alive && !e.Remembered && e.Name != b.self {
			list = append(list, e.Member)
		}
	}
	return list
}

// find returns the member of a name, hidden ones too.
func (b *book) find(name string) (Member, uint64, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e, ok := b.members[name]
	if !ok {
		return Member{}, 0, false
	}
	return e.Member, e.meta.Run, true
}

// holder returns the member that was last heard to have an id.
func (b *book) holder(id string) (Member, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e, ok := b.members[b.holders[id]]
	if !ok || e.ID != id {
		return Member{}, false
	}
	return e.Member, true
}

// own returns what the pool was last told of this agent.
func (b *book) own() (meta, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e, ok := b.members[b.self]
	if !ok {
		return meta{}, false
	}
	return e.meta, true
}
