package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Tally counts answers by the fast paths, [Hit] and [Negative], for one goroutine, which shares nothing with
// others while it counts and hands the counts over in bulk.
type Tally struct {
	d     *DNS
	cells []cell
	dirty []int // cells that hold something
}

type cell struct {
	counter prometheus.Counter
	n       uint64
}

// NewTally returns a tally for one goroutine.
func (d *DNS) NewTally() *Tally { return &Tally{d: d} }

// Cell returns the place in which answers of a path, question type and response code are counted.
func (t *Tally) Cell(path Path, qtype, rcode string) int {
	c := t.d.counter(path, qtype, rcode)
	for i := range t.cells {
		if t.cells[i].counter == c {
			return i
		}
	}
	t.cells = append(t.cells, cell{counter: c})
	return len(t.cells) - 1
}

// Count counts one answer.
func (t *Tally) Count(cell int) {
	c := &t.cells[cell]
	if c.n == 0 {
		t.dirty = append(t.dirty, cell)
	}
	c.n++
}

// Flush hands over what was counted since the last time. took is how long the latest
// answers took: a sample for the histogram, which need not see each of them.
func (t *Tally) Flush(took time.Duration) {
	if len(t.dirty) == 0 {
		return
	}
	for _, i := range t.dirty {
		t.cells[i].counter.Add(float64(t.cells[i].n))
		t.cells[i].n = 0
	}
	t.dirty = t.dirty[:0]
	t.d.duration.Observe(took.Seconds())
}
