package metrics

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// View tells of the copies this agent keeps of catalogs that it follows: a client's of
// its servers', a server's of other datacenters'. Its methods do nothing on nil.
type View struct {
	resyncs, batches, bytes prometheus.Counter

	mu      sync.Mutex
	watched map[*watchedView]struct{}
}

// ViewReading is a reading of one copy.
type ViewReading struct {
	Index     uint64
	Age       time.Duration
	Connected bool
}

// watchedView is one that Watch was called for, and not yet ended.
type watchedView struct{ read func() ViewReading }

func newView(reg prometheus.Registerer) *View {
	v := &View{watched: map[*watchedView]struct{}{}}
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
		reg.MustRegister(c)
		return c
	}
	v.resyncs = counter("muster_view_resyncs_total", "Snapshots that replaced a copy of a catalog.")
	v.batches = counter("muster_view_batches_total", "Batches of changes applied to copies of catalogs.")
	v.bytes = counter("muster_view_received_bytes_total", "Bytes received to keep copies of catalogs.")
	gauge := func(name, help string, of func(ViewReading) float64, add func(a, b float64) float64) {
		reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 {
			total := 0.0
			for _, r := range v.readings() {
				total = add(total, of(r))
			}
			return total
		}))
	}
	sum := func(a, b float64) float64 { return a + b }
	most := func(a, b float64) float64 { return max(a, b) }
	gauge("muster_views", "Catalogs of others that this agent keeps a copy of.",
		func(ViewReading) float64 { return 1 }, sum)
	gauge("muster_views_connected", "Copies that a server feeds at present.", func(r ViewReading) float64 {
		if r.Connected {
			return 1
		}
		return 0
	}, sum)
	gauge("muster_view_age_seconds", "Time since a copy was last known to be current; of the oldest one.",
		func(r ViewReading) float64 { return r.Age.Seconds() }, most)
	gauge("muster_view_index", "Raft index of a copy; of the highest one.",
		func(r ViewReading) float64 { return float64(r.Index) }, most)
	return v
}

// Watch has a copy read whenever the series are, until the function it returns is called.
func (v *View) Watch(read func() ViewReading) (end func()) {
	if v == nil {
		return func() {}
	}
	w := &watchedView{read}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.watched[w] = struct{}{}
	return func() {
		v.mu.Lock()
		defer v.mu.Unlock()
		delete(v.watched, w)
	}
}

// readings reads the copies, without the lock: they have locks of their own.
func (v *View) readings() []ViewReading {
	v.mu.Lock()
	watched := make([]*watchedView, 0, len(v.watched))
	for w := range v.watched {
		watched = append(watched, w)
	}
	v.mu.Unlock()
	var out []ViewReading
	for _, w := range watched {
		out = append(out, w.read())
	}
	return out
}

// Resynced counts a snapshot that replaced a copy.
func (v *View) Resynced() {
	if v != nil {
		v.resyncs.Inc()
	}
}

// Applied counts a batch of changes.
func (v *View) Applied() {
	if v != nil {
		v.batches.Inc()
	}
}

// Received counts bytes off the line.
func (v *View) Received(n int) {
	if v != nil {
		v.bytes.Add(float64(n))
	}
}
