package catalog

// filledNodeRows is how many rows the nodes of a tree hold at most that is built at
// once: most rows that come later find room, and few nodes are split by them.
const filledNodeRows = maxNodeRows * 7 / 8

// buildTree returns a tree of rows that stand in their order, each in a place of its
// own. It costs no comparison and a fraction of what setting one row after the other does.
func buildTree[T any](batch uint64, rows []*T) tree[T] {
	if len(rows) == 0 {
		return tree[T]{}
	}
	room := filledNodeRows // of a tree of this height
	for room < len(rows) {
		room = (room+1)*(filledNodeRows+1) - 1
	}
	return tree[T]{root: buildNode(batch, rows, room), size: len(rows)}
}

// buildNode returns a node of rows, with as few kids as their room allows, all of one
// size: so none is less than half full. A node on the lowest level has room for filledNodeRows.
func buildNode[T any](batch uint64, rows []*T, room int) *treeNode[T] {
	n := &treeNode[T]{batch: batch}
	if room == filledNodeRows {
		n.rows = append(make([]*T, 0, len(rows)), rows...)
		return n
	}
	below := (room - filledNodeRows) / (filledNodeRows + 1) // room of a kid
	kids := len(rows)/(below+1) + 1
	n.rows, n.kids = make([]*T, 0, kids-1), make([]*treeNode[T], 0, kids)
	for left := kids; left > 0; left-- {
		size := (len(rows) - (left - 1)) / left // without the rows between the kids
		n.kids = append(n.kids, buildNode(batch, rows[:size], below))
		if left > 1 {
			n.rows = append(n.rows, rows[size])
			rows = rows[size+1:]
		}
	}
	return n
}
