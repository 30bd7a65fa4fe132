package top

// list is where the cursor stands in rows that move below it. The cursor stays on its row, wherever that goes;
// at the very top, to begin with, it stays at the top.
type list struct {
	cursor int
	first  int    // row on the screen
	key    string // of the row under the cursor; empty: whatever is at the top
}

// settle puts the cursor where its row is among n.
func (l *list) settle(n int, key func(int) string) {
	if l.key == "" {
		l.cursor = 0
		return
	}
	for i := range n {
		if key(i) == l.key {
			l.cursor = i
			return
		}
	}
	l.to(l.cursor, n, key) // the row is gone: what came in its place
}

// to puts the cursor on a row, or as near as there is one.
func (l *list) to(row, n int, key func(int) string) {
	l.cursor = max(min(row, n-1), 0)
	l.key = ""
	if l.cursor > 0 {
		l.key = key(l.cursor)
	}
}

// window returns the rows to show where there is room for some, the cursor's among them.
func (l *list) window(n, room int) (from, to int) {
	l.first = max(min(l.first, l.cursor, n-room), l.cursor-room+1, 0)
	return l.first, min(l.first+room, n)
}
