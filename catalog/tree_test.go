package catalog

import (
	"cmp"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

type treeRow struct{ key, value int }

func byTreeKey(a, b *treeRow) int { return cmp.Compare(a.key, b.key) }

// keysIn is the span of the keys from low to high.
func keysIn(low, high int) span[treeRow] {
	return func(r *treeRow) int {
		switch {
		case r.key < low:
			return -1
		case r.key > high:
			return 1
		}
		return 0
	}
}

// TestTreeAgainstMap writes random batches: each version of the tree holds what a map
// held at that time, in order, whatever later batches, kept or dropped, do.
func TestTreeAgainstMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type version struct {
			tree tree[treeRow]
			rows map[int]treeRow
		}
		keys := rapid.SampledFrom([]int{10, 300, 5000}).Draw(t, "keys")
		first := version{rows: map[int]treeRow{}}
		built := make([]*treeRow, rapid.IntRange(0, keys).Draw(t, "built"))
		for i := range built {
			built[i] = &treeRow{key: i}
			first.rows[i] = *built[i]
		}
		first.tree = buildTree(1<<63, built)
		versions := []version{first}
		for batch := range uint64(rapid.IntRange(1, 12).Draw(t, "batches")) {
			v := version{versions[len(versions)-1].tree, maps.Clone(versions[len(versions)-1].rows)}
			remove := rapid.SampledFrom([]int{0, 0, 3, 9, 10}).Draw(t, "remove")
			from, step := rapid.IntRange(0, keys).Draw(t, "from"), rapid.SampledFrom([]int{1, 1, 7, 997}).Draw(t, "step")
			for i := range rapid.IntRange(0, 1500).Draw(t, "writes") {
				row := &treeRow{(from + i*step) % keys, i}
				had, old := v.rows[row.key], (*treeRow)(nil)
				if _, there := v.rows[row.key]; i%10 < remove {
					old = v.tree.remove(batch+1, row, byTreeKey)
					delete(v.rows, row.key)
					if there != (old != nil) {
						t.Fatalf("removed %v, there was %t", old, there)
					}
				} else {
					old = v.tree.set(batch+1, row, byTreeKey)
					v.rows[row.key] = *row
				}
				if old != nil && *old != had {
					t.Fatalf("replaced %v, want %v", *old, had)
				}
			}
			if rapid.IntRange(0, 4).Draw(t, "abort") > 0 {
				versions = append(versions, v)
			}
		}
		low := rapid.IntRange(-1, keys).Draw(t, "low")
		high := rapid.IntRange(low, keys).Draw(t, "high")
		for _, v := range versions {
			checkTree(t, &v.tree, v.rows, nil)
			checkTree(t, &v.tree, v.rows, keysIn(low, high))
		}
	})
}

// TestTreeLosesItsRoot removes the rows that stand above others, until none is left.
func TestTreeLosesItsRoot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var tr tree[treeRow]
		rows := map[int]treeRow{}
		for i := range rapid.IntRange(1, 3000).Draw(t, "rows") {
			tr.set(1, &treeRow{key: i}, byTreeKey)
			rows[i] = treeRow{key: i}
		}
		place := rapid.IntRange(0, maxNodeRows).Draw(t, "place")
		for n := 0; tr.root != nil; n++ {
			row := tr.root.rows[min(place, len(tr.root.rows)-1)]
			delete(rows, row.key)
			if got := tr.remove(2, row, byTreeKey); got != row {
				t.Fatalf("removed %v, want %v", got, row)
			}
			if n%100 == 0 {
				checkTree(t, &tr, rows, nil)
			}
		}
		if len(rows) > 0 {
			t.Fatalf("%d rows are lost", len(rows))
		}
	})
}

func checkTree(t *rapid.T, tr *tree[treeRow], rows map[int]treeRow, s span[treeRow]) {
	var got, want []treeRow
	tr.walk(s, func(r *treeRow) bool { got = append(got, *r); return true })
	for _, key := range slices.Sorted(maps.Keys(rows)) {
		if r := rows[key]; s == nil || s(&r) == 0 {
			want = append(want, r)
		}
	}
	if !slices.Equal(got, want) || tr.size != len(rows) {
		t.Fatalf("holds %v, %d in all, want %v of %d", got, tr.size, want, len(rows))
	}
	if s == nil {
		checkNodes(t, tr.root, true)
		return
	}
	if first := tr.first(s); (first != nil) != (len(want) > 0) || first != nil && *first != want[0] {
		t.Fatalf("first is %v of %v", first, want)
	}
	seen := 0
	tr.walk(s, func(*treeRow) bool { seen++; return seen < 3 })
	if seen != min(3, len(want)) {
		t.Fatalf("walked on to %d rows", seen)
	}
}

// TestBuiltTrees builds trees of all sizes up to where they get a third level, and of some beyond.
func TestBuiltTrees(t *testing.T) {
	var all []*treeRow
	for i := range 50_000 {
		all = append(all, &treeRow{key: i})
	}
	for size := 0; size <= len(all); size += 1 + size/2000*499 {
		tr, next := buildTree(1, all[:size]), 0
		tr.walk(nil, func(r *treeRow) bool {
			if r.key == next {
				next++
			}
			return true
		})
		if tr.size != size || next != size {
			t.Fatalf("a tree of %d rows has %d, the first %d of them in order", size, tr.size, next)
		}
		checkNodes(t, tr.root, true)
	}
}

// checkNodes holds the tree's shape, and returns its height.
func checkNodes(t rapid.TB, n *treeNode[treeRow], root bool) int {
	if n == nil {
		return 0
	}
	if len(n.rows) > maxNodeRows || !root && len(n.rows) < minNodeRows || len(n.rows) == 0 {
		t.Fatalf("a node of %d rows", len(n.rows))
	}
	if n.kids == nil {
		return 1
	}
	if len(n.kids) != len(n.rows)+1 {
		t.Fatalf("%d kids around %d rows", len(n.kids), len(n.rows))
	}
	height := checkNodes(t, n.kids[0], false)
	for _, kid := range n.kids[1:] {
		if checkNodes(t, kid, false) != height {
			t.Fatal("leaves at several heights")
		}
	}
	return height + 1
}
