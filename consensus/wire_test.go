package consensus

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"
)

func TestUntilReached(t *testing.T) {
	const after = time.Minute
	for _, tc := range []struct {
		name string
		end  func(w *wire, leads *atomic.Bool)
	}{
		{"a heartbeat gets through", func(w *wire, _ *atomic.Bool) { w.contacts.note("f", 3, time.Now()) }},
		{"the term is over", func(_ *wire, leads *atomic.Bool) { leads.Store(false) }},
		{"raft has ended", func(w *wire, _ *atomic.Bool) { close(w.done) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var leads atomic.Bool
				leads.Store(true)
				w := &wire{done: make(chan struct{}), leads: func(term uint64, f raft.ServerID) bool { return leads.Load() && term == 3 && f == "f" }}
				w.contacts.note("f", 3, time.Now()) // before the message that failed
				began := time.Now()
				<-time.After(time.Second)
				go func() {
					<-time.After(after)
					w.contacts.note("other", 3, time.Now())
					w.contacts.note("f", 2, time.Now())
				}()
				time.AfterFunc(2*after, func() { tc.end(w, &leads) })
				w.untilReached("f", 3)
				if took := time.Since(began); took < 2*after || took > 2*after+2*time.Second {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}
