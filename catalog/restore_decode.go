package catalog

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// pieceBytes is about how much of a persisted state is decoded at a time.
const pieceBytes = 64 << 10

// decoder makes rows of records on all processors, while the next ones are read. One
// goroutine adds records and calls end.
type decoder struct {
	work    chan *piece
	free    chan *records // they bound what was read and is not decoded
	workers sync.WaitGroup
	failed  atomic.Bool

	pieces []*piece // all, in their order
	open   *piece   // the last one while records are added to it, or nil
	count  uint64   // records
}

// piece is some records that follow each other, and then their rows.
type piece struct {
	first   uint64   // number of the first record
	records *records // until they are decoded
	rows    pile
	err     error
}

// records are several in one buffer.
type records struct {
	data []byte
	list []record
}

// record says what stands up to an end, from the end of the record before.
type record struct {
	kind recordKind
	end  int
}

func newDecoder() *decoder {
	n := runtime.GOMAXPROCS(0)
	d := &decoder{work: make(chan *piece, n), free: make(chan *records, 2*n+1)}
	for range cap(d.free) {
		d.free <- &records{}
	}
	for range n {
		d.workers.Go(d.run)
	}
	return d
}

func (d *decoder) run() {
	for p := range d.work {
		if p.err = p.decode(); p.err != nil {
			d.failed.Store(true)
		}
		r := p.records
		p.records = nil
		if cap(r.data) > 4*pieceBytes {
			r.data = nil
		}
		r.data, r.list = r.data[:0], r.list[:0]
		d.free <- r
		runtime.Gosched() // an agent that is running has questions to answer meanwhile
	}
}

// room returns where to write the body of the next record.
func (d *decoder) room(size int) []byte {
	if d.open != nil && len(d.open.records.data)+size > pieceBytes {
		d.flush()
	}
	if d.open == nil {
		d.open = &piece{first: d.count, records: <-d.free}
		d.pieces = append(d.pieces, d.open)
	}
	r := d.open.records
	if cap(r.data)-len(r.data) < size {
		r.data = slices.Grow(r.data, max(size, pieceBytes-len(r.data)))
	}
	return r.data[len(r.data):][:size]
}

// add takes the record whose body was written into what room returned last.
func (d *decoder) add(k recordKind, body []byte) {
	r := d.open.records
	r.data = r.data[:len(r.data)+len(body)]
	r.list = append(r.list, record{k, len(r.data)})
	d.count++
}

func (d *decoder) flush() {
	if d.open != nil {
		d.work <- d.open
		d.open = nil
	}
}

// end waits for all rows. The error is that of the first record that is no row.
func (d *decoder) end() ([]*piece, error) {
	d.flush()
	close(d.work)
	d.workers.Wait()
	for _, p := range d.pieces {
		if p.err != nil {
			return nil, p.err
		}
	}
	return d.pieces, nil
}

func (p *piece) decode() error {
	start := 0
	for i, r := range p.records.list {
		if err := p.rows.add(r.kind, p.records.data[start:r.end]); err != nil {
			return fmt.Errorf("row %d: %w", p.first+uint64(i), err)
		}
		start = r.end
	}
	return nil
}
