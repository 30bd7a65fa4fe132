package catalog

// table is a version of all rows of a kind. A copy of it is a snapshot.
type table[T any] struct {
	*layout[T]
	by [maxIndexes]tree[T] // one for each index of the layout
}

// layout says how the rows of a table are ordered and watched. It never changes.
type layout[T any] struct {
	indexes []index[T] // the first one holds every row, and each in a place of its own
	watches func(row *T, touch func(watchKey))
}

const maxIndexes = 5

// index is an order in which rows can be looked up. Orders of keys that
// rows may share go on with the key of the first index, so that each row has its place.
type index[T any] struct {
	order order[T]
	holds func(row *T) bool // nil: every row
	// address is what rows are ordered by in the first place, if that is an address; else nil.
	address func(row *T) string
}

// first returns the first row of a span of an index, or nil. In a span of one
// place it is the row that stands there.
func (t *table[T]) first(index int, s span[T]) *T { return t.by[index].first(s) }

// rows yields the rows of a span of an index in their order.
func (t *table[T]) rows(index int, s span[T]) func(yield func(*T) bool) {
	return func(yield func(*T) bool) { t.by[index].walk(s, yield) }
}

func (t *table[T]) len() int { return t.by[byID].size }

// put writes a row into all indexes, in place of the one with its id, which it returns.
func (t *table[T]) put(batch uint64, row *T) *T {
	old := t.by[byID].set(batch, row, t.indexes[byID].order)
	for i, x := range t.indexes[1:] {
		in := &t.by[1+i]
		holds := x.holds == nil || x.holds(row)
		if old != nil && (x.holds == nil || x.holds(old)) && (!holds || x.order(old, row) != 0) {
			in.remove(batch, old, x.order)
		}
		if holds {
			in.set(batch, row, x.order)
		}
	}
	return old
}

// remove takes a row out of all indexes.
func (t *table[T]) remove(batch uint64, row *T) {
	for i, x := range t.indexes {
		if x.holds == nil || x.holds(row) {
			t.by[i].remove(batch, row, x.order)
		}
	}
}

// tx is a batch of writes: the next version of all tables. Nobody sees it before
// it is committed; dropping it undoes it.
type tx struct {
	*tables
	index   uint64  // raft index of the command being applied
	batches *uint64 // the last batch number given away; nil where nothing is written
	touched []watchKey
	done    []Command // of the present step, those for Changes that succeeded
	settled []Touched // of the present step; see Change
}

// begin starts a batch on the present version of the tables.
func (s *State) begin() *tx {
	next := *s.current.Load().tables
	s.batch++
	next.batch = s.batch
	return &tx{tables: &next, batches: &s.batch}
}

// put writes a row, and has those told who watch it or the one it replaces.
func put[T any](t *tx, in *table[T], row *T) {
	if old := in.put(t.batch, row); old != nil {
		in.watches(old, t.tell)
	}
	in.watches(row, t.tell)
}

// remove deletes a row that is known to exist.
func remove[T any](t *tx, from *table[T], row *T) {
	from.remove(t.batch, row)
	from.watches(row, t.tell)
}

func (t *tx) tell(key watchKey) { t.touched = append(t.touched, key) }

// touch records that resources changed at this index, and so wakes whoever waits for them.
func (t *tx) touch(resources ...string) {
	for _, r := range resources {
		put(t, &t.versions, &version{Resource: r, Index: t.index})
	}
}
