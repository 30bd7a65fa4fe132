package catalog

import "slices"

// tree is an ordered set of rows, a B-tree. A copy of it is a snapshot: nodes are
// written to by the batch that made them only, and any other batch copies the
// nodes on its way first. It holds row pointers and no keys; rows tell their
// order themselves, which saves the memory that keys would take.
type tree[T any] struct {
	root *treeNode[T]
	size int // rows
}

// treeNode has rows in order. An inner node has a kid before, between and behind its rows.
type treeNode[T any] struct {
	batch uint64 // that made it and may write to it
	rows  []*T
	kids  []*treeNode[T] // nil: a leaf
}

const (
	maxNodeRows = 32
	minNodeRows = maxNodeRows / 3 // of any node but the root
)

// order is a total order of rows: negative, 0 or positive as a stands before, at or behind b.
type order[T any] func(a, b *T) int

// span is a contiguous part of an order: negative for rows before it, 0 for those
// in it, positive for those behind. Nil is all of it.
type span[T any] func(row *T) int

// seek returns the position of the first row that does not stand before s.
func (n *treeNode[T]) seek(s span[T]) int {
	low, high := 0, len(n.rows)
	for low < high {
		if mid := int(uint(low+high) / 2); s(n.rows[mid]) < 0 {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}

// find returns the position of row, or the one where it belongs.
func (n *treeNode[T]) find(row *T, by order[T]) (int, bool) {
	low, high := 0, len(n.rows)
	for low < high {
		mid := int(uint(low+high) / 2)
		switch c := by(n.rows[mid], row); {
		case c == 0:
			return mid, true
		case c < 0:
			low = mid + 1
		default:
			high = mid
		}
	}
	return low, false
}

// first returns the first row of a span, or nil if it has none.
func (t *tree[T]) first(s span[T]) *T {
	var found *T
	for n := t.root; n != nil; {
		i := 0
		if s != nil {
			i = n.seek(s)
		}
		if i < len(n.rows) && (s == nil || s(n.rows[i]) == 0) {
			found = n.rows[i]
		}
		if n.kids == nil {
			break
		}
		n = n.kids[i]
	}
	return found
}

// walk yields the rows of a span in order, until yield wants no more.
func (t *tree[T]) walk(s span[T], yield func(*T) bool) {
	if t.root != nil {
		t.root.walk(s, s == nil, yield)
	}
}

// walk reports whether to go on behind n. Inside says that nothing in n stands before the span.
func (n *treeNode[T]) walk(s span[T], inside bool, yield func(*T) bool) bool {
	i := 0
	if !inside {
		i = n.seek(s)
	}
	for ; ; i++ {
		if n.kids != nil && !n.kids[i].walk(s, inside, yield) {
			return false
		}
		if i == len(n.rows) {
			return true
		}
		if s != nil && s(n.rows[i]) > 0 || !yield(n.rows[i]) {
			return false
		}
		inside = true
	}
}

// set puts a row in its place and returns the one that stood there, or nil.
func (t *tree[T]) set(batch uint64, row *T, by order[T]) *T {
	if t.root == nil {
		t.root = &treeNode[T]{batch: batch}
	}
	t.root = t.root.writable(batch)
	old := t.root.set(row, by)
	if old == nil {
		t.size++
	}
	if len(t.root.rows) > maxNodeRows {
		row, right := t.root.split()
		t.root = &treeNode[T]{batch: batch, rows: []*T{row}, kids: []*treeNode[T]{t.root, right}}
	}
	return old
}

// writable returns n, or a copy of it if another batch made it.
func (n *treeNode[T]) writable(batch uint64) *treeNode[T] {
	if n.batch == batch {
		return n
	}
	c := &treeNode[T]{batch: batch, rows: append(make([]*T, 0, len(n.rows)+1), n.rows...)}
	if n.kids != nil {
		c.kids = append(make([]*treeNode[T], 0, len(n.kids)+1), n.kids...)
	}
	return c
}

// kid returns a kid that may be written to. So may n.
func (n *treeNode[T]) kid(i int) *treeNode[T] {
	n.kids[i] = n.kids[i].writable(n.batch)
	return n.kids[i]
}

func (n *treeNode[T]) set(row *T, by order[T]) *T {
	i, found := n.find(row, by)
	switch {
	case found:
		old := n.rows[i]
		n.rows[i] = row
		return old
	case n.kids == nil:
		n.rows = slices.Insert(n.rows, i, row)
		return nil
	}
	old := n.kid(i).set(row, by)
	n.splitKid(i)
	return old
}

// splitKid cuts a kid in two if it has become too large.
func (n *treeNode[T]) splitKid(i int) {
	if len(n.kids[i].rows) > maxNodeRows {
		row, right := n.kids[i].split()
		n.rows = slices.Insert(n.rows, i, row)
		n.kids = slices.Insert(n.kids, i+1, right)
	}
}

// split keeps the first half of n and returns the row in the middle and a node of what is behind it.
func (n *treeNode[T]) split() (*T, *treeNode[T]) {
	at := len(n.rows) / 2
	row, right := n.rows[at], &treeNode[T]{batch: n.batch, rows: slices.Clone(n.rows[at+1:])}
	n.rows = slices.Delete(n.rows, at, len(n.rows))
	if n.kids != nil {
		right.kids = slices.Clone(n.kids[at+1:])
		n.kids = slices.Delete(n.kids, at+1, len(n.kids))
	}
	return row, right
}

// remove takes out the row in the place of row and returns it, or nil if there is none.
func (t *tree[T]) remove(batch uint64, row *T, by order[T]) *T {
	if t.root == nil {
		return nil
	}
	t.root = t.root.writable(batch)
	old := t.root.remove(row, by)
	if old != nil {
		t.size--
	}
	if len(t.root.rows) == 0 {
		if t.root.kids != nil {
			t.root = t.root.kids[0]
		} else {
			t.root = nil
		}
	}
	return old
}

func (n *treeNode[T]) remove(row *T, by order[T]) *T {
	i, found := n.find(row, by)
	if n.kids == nil {
		if !found {
			return nil
		}
		old := n.rows[i]
		n.rows = slices.Delete(n.rows, i, i+1)
		return old
	}
	var old *T
	if found {
		old, n.rows[i] = n.rows[i], n.kid(i).takeLast()
	} else {
		old = n.kid(i).remove(row, by)
	}
	n.mend(i)
	return old
}

// takeLast removes and returns the last row below n.
func (n *treeNode[T]) takeLast() *T {
	if n.kids == nil {
		last := len(n.rows) - 1
		row := n.rows[last]
		n.rows = slices.Delete(n.rows, last, last+1)
		return row
	}
	last := len(n.kids) - 1
	row := n.kid(last).takeLast()
	n.mend(last)
	return row
}

// mend joins a kid that has become too small with the one beside it; if the two are too large for one, it shares out their rows.
func (n *treeNode[T]) mend(i int) {
	if len(n.kids[i].rows) >= minNodeRows {
		return
	}
	i = max(i-1, 0)
	left, right := n.kid(i), n.kids[i+1]
	left.rows = append(append(left.rows, n.rows[i]), right.rows...)
	left.kids = append(left.kids, right.kids...)
	n.rows = slices.Delete(n.rows, i, i+1)
	n.kids = slices.Delete(n.kids, i+1, i+2)
	n.splitKid(i)
}
