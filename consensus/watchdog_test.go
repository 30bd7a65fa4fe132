package consensus

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestWatchdog(t *testing.T) {
	type write struct{ at, takes time.Duration }
	for _, tc := range []struct {
		name   string
		writes []write
		want   []time.Duration // when it turned: stalled, well, stalled, ...
	}{
		{"quick", []write{{0, 10}, {20, 99}}, nil},
		{"slow", []write{{0, 150}}, []time.Duration{100, 150}},
		{"slow twice", []write{{0, 150}, {200, 120}}, []time.Duration{100, 150, 300, 320}},
		{"two at once", []write{{0, 200}, {50, 300}}, []time.Duration{100, 350}},
		{"one within another", []write{{0, 400}, {50, 150}}, []time.Duration{100, 400}},
		{"a quick one beside", []write{{0, 200}, {120, 10}}, []time.Duration{100, 200}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				var turns []time.Duration
				var w *watchdog
				w = newWatchdog(100, func(stalled bool) {
					if stalled != (len(turns)%2 == 0) || w.isStalled() != stalled {
						t.Errorf("turn %d is %v", len(turns), stalled)
					}
					turns = append(turns, time.Since(began))
				})
				failed := errors.New("disk")
				for _, write := range tc.writes {
					go func() {
						<-time.After(write.at)
						if err := w.guard(func() error { <-time.After(write.takes); return failed }); err != failed {
							t.Errorf("guard: %v", err)
						}
					}()
				}
				<-time.After(time.Second)
				synctest.Wait()
				if !slices.Equal(turns, tc.want) || int(w.stalls.Load()) != len(tc.want)/2 {
					t.Errorf("turned at %d, want %d", turns, tc.want)
				}
			})
		})
	}
}

func TestOnStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatchdog(100, func(bool) {})
		told := func() bool {
			select {
			case <-w.onStall():
				return true
			default:
				return false
			}
		}
		early := w.onStall()
		go w.guard(func() error { <-time.After(200); return nil })
		<-early
		if !told() {
			t.Error("who asks during a stall is not told")
		}
		<-time.After(150)
		if told() {
			t.Error("who asks after the stall is told of it")
		}
	})
}
