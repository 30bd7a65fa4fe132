package top

import (
	"strings"

	"muster/cmd/terminal"
)

// column is how a column of a table behaves where there is little room.
type column struct {
	head  string
	right bool // aligned
	least int  // cells it is shrunk to at most; 0: it is not
	most  int  // cells it takes of its own accord; 0: what its texts need
	drop  int  // the columns with the highest are left out first; 0: never
	fill  bool // takes what the others leave
}

// gap is between columns.
const gap = "  "

// table lays rows of printable cells out in width cells, or with 0 in what they need. The head is the first line.
func table(columns []column, rows [][]string, width int) []string {
	widths := natural(columns, rows)
	shown := make([]bool, len(columns))
	for i := range shown {
		shown[i] = true
	}
	if width > 0 {
		fit(columns, widths, shown, width)
	}
	lines := make([]string, 0, len(rows)+1)
	line := func(cell func(i int) string) {
		var cells []string
		for i, c := range columns {
			if shown[i] {
				cells = append(cells, terminal.Pad(cell(i), widths[i], c.right))
			}
		}
		text := strings.TrimRight(strings.Join(cells, gap), " ")
		if width > 0 {
			text = terminal.Clip(text, width)
		}
		lines = append(lines, text)
	}
	line(func(i int) string { return columns[i].head })
	for _, row := range rows {
		line(func(i int) string { return row[i] })
	}
	return lines
}

// natural is how wide columns are if there is room.
func natural(columns []column, rows [][]string) []int {
	widths := make([]int, len(columns))
	for i, c := range columns {
		widths[i] = terminal.Width(c.head)
		for _, row := range rows {
			widths[i] = max(widths[i], terminal.Width(row[i]))
		}
		if c.most > 0 {
			widths[i] = min(widths[i], c.most)
		}
	}
	return widths
}

// floor is what a column cannot do without, of what it would like to have.
func (c column) floor(width int) int {
	if c.least == 0 {
		return width
	}
	return min(width, c.least)
}

// fit leaves columns out and changes the widths of others until all fill width, as far as can be.
func fit(columns []column, widths []int, shown []bool, width int) {
	for {
		needs, last := -len(gap), -1
		for i, c := range columns {
			if !shown[i] {
				continue
			}
			needs += len(gap) + c.floor(widths[i])
			if c.drop > 0 && (last < 0 || c.drop > columns[last].drop) {
				last = i
			}
		}
		if needs <= width || last < 0 {
			break
		}
		shown[last] = false
	}
	spread(columns, widths, shown, width)
}

// spread shrinks the columns that have the most to give, and gives what is left to the one that fills.
func spread(columns []column, widths []int, shown []bool, width int) {
	left := width + len(gap)
	for i := range columns {
		if shown[i] {
			left -= widths[i] + len(gap)
		}
	}
	for ; left < 0; left++ {
		wide, spare := -1, 0
		for i, c := range columns {
			if more := widths[i] - c.floor(widths[i]); shown[i] && more > spare {
				wide, spare = i, more
			}
		}
		if wide < 0 {
			return
		}
		widths[wide]--
	}
	for i, c := range columns {
		if shown[i] && c.fill {
			widths[i] += left
			return
		}
	}
}
