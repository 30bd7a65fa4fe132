package gossip

import (
	"cmp"
	"log/slog"
	"net/netip"
	"slices"
	"time"
)

// heard takes note of a member that came, came back, or told something new of
// itself. contested tells that its run is said to be over: it does not know that,
// and should be told, to leave or to object.
func (b *book) heard(name string, at netip.AddrPort, m meta) (d departure, contested bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.members[name]
	if e == nil {
		e = &entry{Member: Member{Name: name}}
		b.members[name] = e
	} else if e.greet = e.greet || name != b.self && m.Run > e.meta.Run; e.ID != m.ID { // another agent took over a name that was free
		b.report.report(slog.LevelInfo, "member's name passes to another agent", "member", name, "id", e.ID, "new_id", m.ID)
		delete(b.holders, e.ID)
		e.over, e.pruned, e.Status = 0, false, ""
	}
	e.describe(at, m)
	e.alive, e.Remembered = true, false
	if e.over < m.Run {
		e.pruned = false
	}
	b.holders[m.ID] = name
	b.settle(e, b.now())
	return departure{Name: name, ID: m.ID, Run: e.over, Prune: e.pruned}, e.Status == Leaving && name != b.self
}

// gone takes note that memberlist counts a member among the dead.
func (b *book) gone(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e := b.members[name]; e != nil {
		e.alive, e.Remembered = false, false
		b.settle(e, b.now())
	}
}

// lives reports whether memberlist counts a member among the living.
func (b *book) lives(name string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.members[name]
	return e != nil && e.alive && !e.Remembered
}

// depart takes note that a run of a member is over. It tells whether that was news.
func (b *book) depart(d departure) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.members[d.Name]
	if e == nil || e.ID != d.ID || d.Run < e.meta.Run {
		return false // unknown, another agent, or an earlier run: void
	}
	return b.end(e, d.Run, d.Prune, b.now())
}

// end records that runs up to one are over.
func (b *book) end(e *entry, run uint64, prune bool, since time.Time) bool {
	if e.over >= run && (e.pruned || !prune) {
		return false
	}
	e.over, e.pruned = max(e.over, run), e.pruned || prune
	b.settle(e, since)
	return true
}

// merge takes over what another book has of members that are gone. What memberlist
// hears of rules over it. It returns departures of living members, who should hear of them.
func (b *book) merge(records []record) (contested []departure) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range records {
		if !r.Addr.IsValid() || r.Addr.Addr().Zone() != "" || checkMemberName(r.Name) != nil || r.Age >= b.keep.of(r.Left) {
			continue
		}
		if e := b.members[r.Name]; e == nil {
			b.adopt(&entry{Member: Member{Name: r.Name}}, r)
		} else if b.amend(e, r) {
			contested = append(contested, departure{Name: e.Name, ID: e.ID, Run: r.Meta.Run, Prune: r.Pruned})
		}
	}
	return contested
}

// amend weighs a record against what is known, and tells whether it says that a living member's run is over.
func (b *book) amend(e *entry, r record) (contested bool) {
	heard := e.alive && !e.Remembered
	switch {
	case r.Meta.Run < e.meta.Run:
		return false // of an earlier run
	case heard && (e.ID != r.Meta.ID || !r.Left):
		return false // we hear the one who has the name
	case heard:
		if e.Name == b.self {
			return true
		}
		b.end(e, r.Meta.Run, r.Pruned, b.now())
		return e.Status == Leaving
	case e.ID != r.Meta.ID, r.Meta.Run > e.meta.Run, e.Remembered:
		b.adopt(e, r)
	case r.Left:
		b.end(e, r.Meta.Run, r.Pruned, b.since(r))
	}
	return false
}

// adopt replaces what is known of a member that is not heard of by a record.
func (b *book) adopt(e *entry, r record) {
	e.describe(r.Addr, r.Meta)
	e.alive, e.Remembered = false, false
	e.over, e.pruned = 0, r.Pruned
	if r.Left {
		e.over = r.Meta.Run
	}
	b.members[e.Name] = e
	b.settle(e, b.since(r))
}

func (b *book) since(r record) time.Time { return b.now().Add(-r.Age) }

// records returns those that are gone, latest first, as many as fit.
func (b *book) records() []record {
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []record
	for _, e := range b.members {
		if e.alive {
			continue
		}
		list = append(list, record{
			Name: e.Name, Addr: netip.AddrPortFrom(e.Addr, e.Port), Meta: e.meta,
			Left: e.Status == Left, Pruned: e.pruned, Age: b.now().Sub(e.Since),
		})
	}
	slices.SortFunc(list, func(x, y record) int { return cmp.Compare(x.Age, y.Age) })
	return list[:min(len(list), maxRecords)]
}
