package catalog

import (
	"net/netip"
	"runtime"
	"slices"
	"sync"
)

// fill puts rows into empty tables. A row that comes twice counts as it came last.
func (t *tables) fill(pieces []*piece) {
	for _, p := range pieces {
		if p.rows.autopilot != nil {
			t.autopilot = p.rows.autopilot
		}
		if p.rows.lineage != nil {
			t.lineage = *p.rows.lineage
		}
	}
	b := builder{batch: t.batch, pieces: pieces}
	gather(&b, &t.nodes, func(p *pile) []*Node { return p.nodes })
	instances := gather(&b, &t.instances, func(p *pile) []*Instance { return p.instances })
	checks := gather(&b, &t.checks, func(p *pile) []*Check { return p.checks })
	gather(&b, &t.coordinates, func(p *pile) []*NodeCoordinate { return p.coordinates })
	gather(&b, &t.observations, func(p *pile) []*Observation { return p.observations })
	gather(&b, &t.turns, func(p *pile) []*Turn { return p.turns })
	gather(&b, &t.brakes, func(p *pile) []*Brake { return p.brakes })
	gather(&b, &t.events, func(p *pile) []*Event { return p.events })
	gather(&b, &t.queries, func(p *pile) []*PreparedQuery { return p.queries })
	gather(&b, &t.keys, func(p *pile) []*Pair { return p.keys })
	gather(&b, &t.graves, func(p *pile) []*grave { return p.graves })
	gather(&b, &t.versions, func(p *pile) []*version { return p.versions })
	for _, m := range gather(&b, &t.memories, func(p *pile) []*memory { return p.memories }) {
		t.remembered += m.charge()
	}
	gather(&b, &t.sessions, func(p *pile) []*Session { return p.sessions })
	gather(&b, &t.delays, func(p *pile) []*Delay { return p.delays })
	t.share(instances, checks) // needs the first index of each; the others get along with what it does
	b.run()
}

// share lets freshly decoded rows repeat each other's strings without holding
// copies of them. No reader has seen them yet, so they may still be written to.
func (t *tables) share(instances []*Instance, checks []*Check) {
	var n *Node // of the last row: rows of one node stand together
	at := func(node string) *Node {
		if n == nil || n.Name != node {
			n = t.node(node)
		}
		return n
	}
	for _, i := range instances {
		if n := at(i.Node); n != nil {
			i.Node = n.Name
		}
	}
	for c := range t.coordinates.rows(byID, nil) {
		if n := at(c.Node); n != nil {
			c.Node = n.Name
		}
	}
	for _, c := range checks {
		if i := t.instance(c.Node, c.ServiceID); i != nil {
			c.Node, c.ServiceID, c.ServiceName, c.ServiceTags = i.Node, i.ID, i.Name, i.Tags
		} else if n := at(c.Node); n != nil {
			c.Node = n.Name
		}
	}
	for o := range t.observations.rows(byID, nil) {
		if c := t.check(o.Node, o.CheckID); c != nil {
			o.Node, o.CheckID = c.Node, c.ID
		}
		if n := t.node(o.Observer); n != nil {
			o.Observer = n.Name
		}
	}
}

// builder builds indexes, several at a time.
type builder struct {
	batch  uint64
	pieces []*piece
	jobs   []func()
}

// gather puts all rows of a table into its first index, and has the builder make the others.
func gather[T any](b *builder, t *table[T], of func(*pile) []*T) []*T {
	n := 0
	for _, p := range b.pieces {
		n += len(of(&p.rows))
	}
	rows := make([]*T, 0, n)
	for _, p := range b.pieces {
		rows = append(rows, of(&p.rows)...)
	}
	rows = inOrder(rows, t.indexes[byID].order)
	t.by[byID] = buildTree(b.batch, rows)
	for i, x := range t.indexes[1:] {
		b.jobs = append(b.jobs, func() { t.by[1+i] = buildTree(b.batch, x.sorted(rows)) })
	}
	return rows
}

// run makes the indexes that are left.
func (b *builder) run() {
	work := make(chan func(), len(b.jobs))
	for _, job := range b.jobs {
		work <- job
	}
	close(work)
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(b.jobs)) {
		workers.Go(func() {
			for job := range work {
				job()
			}
		})
	}
	workers.Wait()
}

// inOrder returns rows in their order, of those in the same place the one that came
// last. Persist writes them so; it takes a forged file to make work here.
func inOrder[T any](rows []*T, by order[T]) []*T {
	for i := range len(rows) - 1 {
		if by(rows[i], rows[i+1]) >= 0 {
			slices.SortStableFunc(rows, by)
			break
		}
	}
	kept := rows[:0]
	for i, row := range rows {
		if i+1 == len(rows) || by(row, rows[i+1]) != 0 {
			kept = append(kept, row)
		}
	}
	return kept
}

// sorted returns the rows that an index holds in its order.
func (x *index[T]) sorted(rows []*T) []*T {
	held := make([]*T, 0, len(rows))
	for _, r := range rows {
		if x.holds == nil || x.holds(r) {
			held = append(held, r)
		}
	}
	if x.address == nil {
		slices.SortFunc(held, x.order)
		return held
	}
	// To parse an address for each comparison would take longer than all the rest.
	type ranked struct {
		address netip.Addr
		row     *T
	}
	all := make([]ranked, len(held))
	for i, r := range held {
		all[i] = ranked{addressOf(x.address(r)), r}
	}
	slices.SortFunc(all, func(a, b ranked) int {
		if c := a.address.Compare(b.address); c != 0 {
			return c
		}
		return x.order(a.row, b.row)
	})
	for i, r := range all {
		held[i] = r.row
	}
	return held
}
