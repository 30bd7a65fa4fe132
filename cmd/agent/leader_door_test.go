package agent

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestLeaderDoor has requests wait for a leader while there is none, and while this server is not ready to be it.
func TestLeaderDoor(t *testing.T) {
	type view struct {
		leader string
		leads  bool
	}
	for name, c := range map[string]struct {
		before, after view
		silent        bool // the change is not told
		want          string
		took          time.Duration
	}{
		"leads":                     {before: view{"here", true}, want: "here"},
		"another leads":             {before: view{"there", false}, want: "there"},
		"gets ready":                {before: view{"here", false}, after: view{"here", true}, want: "here", took: time.Second},
		"gets ready, nobody tells":  {before: view{"here", false}, after: view{"here", true}, silent: true, want: "here", took: time.Second + leaderRecheck},
		"loses to another":          {before: view{"here", false}, after: view{"there", false}, want: "there", took: time.Second},
		"an election":               {after: view{"there", false}, want: "there", took: time.Second},
		"an election without end":   {want: "nobody", took: 7 * time.Second},
		"elected, and never ready":  {before: view{"here", false}, after: view{"here", false}, want: "nobody", took: 7 * time.Second},
		"leads, the name not known": {before: view{"", true}, want: "here"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				now, changed := c.before, make(chan struct{})
				d := leaderDoor{
					own: "here",
					leads: func() bool {
						mu.Lock()
						defer mu.Unlock()
						return now.leads
					},
					watch: func() (string, <-chan struct{}) {
						mu.Lock()
						defer mu.Unlock()
						return now.leader, changed
					},
					to: http.NotFoundHandler(),
				}
				type answer struct {
					there http.Handler
					leads bool
				}
				ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
				defer cancel()
				found, began := make(chan answer, 1), time.Now()
				go func() { there, leads := d.find(ctx); found <- answer{there, leads} }()
				synctest.Wait()
				if c.took > 0 {
					time.Sleep(time.Second - time.Millisecond)
					synctest.Wait()
					mu.Lock()
					now = c.after
					mu.Unlock()
					if !c.silent {
						time.Sleep(time.Millisecond)
						mu.Lock()
						close(changed)
						changed = make(chan struct{})
						mu.Unlock()
					}
				}
				a := <-found
				got := map[bool]string{true: "here", false: "nobody"}[a.leads]
				if a.there != nil {
					got = "there"
				}
				if took := time.Since(began); got != c.want || took > c.took {
					t.Errorf("%s after %v, want %s after %v", got, took, c.want, c.took)
				}
			})
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d := leaderDoor{leads: func() bool { return false }, watch: func() (string, <-chan struct{}) { return "", nil }}
	if there, leads := d.find(ctx); there != nil || leads {
		t.Error("a leader for nobody")
	}
}
