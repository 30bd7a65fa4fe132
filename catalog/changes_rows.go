package catalog

import (
	"errors"
	"io"
	"slices"
	"sync"
)

// rowsPiece is how much of the rows is handed on at a time.
const rowsPiece = 256 << 10

// Rows is what [Snapshot.PersistDiscovery] writes, made once for all who begin to
// read at about the same time: after a restore that is every follower there is.
type Rows struct {
	// Index is that of the rows. Since goes on from it.
	Index uint64

	mu      sync.Mutex
	pieces  [][]byte
	ended   bool
	err     error
	readers int
	more    chan struct{} // closed and replaced with each piece, closed for good at the end
}

// errNobodyReads ends rows that are not wanted any more.
var errNobodyReads = errors.New("nobody reads the rows")

// Rows returns the rows to begin with. They may be somewhat older than the state if
// others are reading them, but not so old that the steps behind them are about to go. Close must be called.
func (c *Changes) Rows() *Rows {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rows != nil && c.reaches(c.rows.Index) && c.rows.join() {
		return c.rows
	}
	c.rows = &Rows{Index: c.head.Index, readers: 1, more: make(chan struct{})}
	go c.rows.make(c.head)
	return c.rows
}

// reaches reports whether the steps after an index will be kept for a while.
func (c *Changes) reaches(index uint64) bool {
	newer := 0
	for _, s := range slices.Backward(c.steps) {
		if s.Index <= index || newer > c.maxSteps/2 {
			break
		}
		newer++
	}
	return index >= c.floor && newer <= c.maxSteps/2
}

// join adds a reader, unless the last one has left.
func (r *Rows) join() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.readers == 0 || r.err != nil {
		return false
	}
	r.readers++
	return true
}

// Close says that the caller reads no more. What nobody reads is forgotten.
func (r *Rows) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.readers--; r.readers == 0 {
		r.pieces, r.err = nil, errNobodyReads
	}
}

// Copy writes all rows to w, as they are made, in pieces that w must not write to.
func (r *Rows) Copy(w io.Writer) error {
	for i := 0; ; {
		r.mu.Lock()
		pieces, ended, err, more := r.pieces[i:], r.ended, r.err, r.more
		r.mu.Unlock()
		if err != nil {
			return err
		}
		for _, p := range pieces {
			if _, err := w.Write(p); err != nil {
				return err
			}
		}
		if i += len(pieces); len(pieces) > 0 {
			continue
		}
		if ended {
			return nil
		}
		<-more
	}
}

// make makes the pieces. It waits for no reader.
func (r *Rows) make(of *Snapshot) {
	w := &pieceWriter{to: r}
	err := of.PersistDiscovery(w)
	if err == nil {
		err = w.flush()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
	if r.err == nil {
		r.err = err
	}
	close(r.more)
}

// pieceWriter collects writes into pieces.
type pieceWriter struct {
	to    *Rows
	buf   []byte
	large bool // one piece does not hold it all
}

func (w *pieceWriter) Write(b []byte) (int, error) {
	if w.large && w.buf == nil {
		w.buf = make([]byte, 0, rowsPiece)
	}
	w.buf = append(w.buf, b...)
	if len(w.buf) < rowsPiece {
		return len(b), nil
	}
	return len(b), w.flush()
}

func (w *pieceWriter) flush() error {
	r := w.to
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return r.err
	}
	r.pieces, w.buf = append(r.pieces, w.buf), nil
	w.large = true
	close(r.more)
	r.more = make(chan struct{})
	return nil
}
