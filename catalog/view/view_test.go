package view

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"muster/catalog"
	"muster/metrics"
)

func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newServer("a", filled(t, 30)), (*server)(nil)
		b = newServer("b", a.state)
		v, c, stop := following(t, Config{Metrics: metrics.New(metrics.Build{}).View}, a, b)
		if s := v.Status(); s.Ready || s.Age != 0 {
			t.Errorf("before anything came: %+v", s)
		}
		check := func(what string, want Status) {
			t.Helper()
			synctest.Wait()
			if got := v.Status(); got != want {
				t.Errorf("%s:\n%+v, want\n%+v", what, got, want)
			}
			sameRows(t, v.State(), a.state)
		}
		want := Status{Index: 30, Ready: true, Connected: true, Leader: "a:8300", Server: "a"}
		check("at once", want)

		add(t, a.state, &catalog.SetStatus{Node: "node-0000", CheckID: "check:service-00000-0", Status: catalog.Critical})
		want.Index = 31
		check("a change, no time later", want)

		a.set(func(s *server) { s.age = 700 * time.Millisecond })
		time.Sleep(600 * time.Millisecond)
		want.Age = 600 * time.Millisecond // from when it was last said to be current, not from the heartbeat
		check("behind a server that is out of date", want)
		a.set(func(s *server) { s.age = 0 })
		time.Sleep(time.Second)
		want.Age = 100 * time.Millisecond
		check("behind one that is not", want)

		a.cut()
		synctest.Wait()
		add(t, a.state, registration(77))
		want.Index, want.Age, want.Leader, want.Server = 32, 0, "b:8300", "b"
		check("cut, on another server", want)
		if got := c.requests(); !slices.Equal(got, []string{"a 0", "b 31"}) {
			t.Errorf("asked for %q", got)
		}
		stop()
		if s := v.Status(); s.Connected || s.Server != "" || !s.Ready {
			t.Errorf("in the end: %+v", s)
		}
	})
}

// TestMovesOn has servers fail in every way. The View is on another one within a second of
// noticing, goes on where it was, and its rows stay as they were meanwhile.
func TestMovesOn(t *testing.T) {
	tests := []struct {
		name   string
		fail   func(a, b *server)
		within time.Duration
		asked  []string
	}{
		{"cut", func(a, _ *server) { a.set(func(s *server) { s.down = true }); a.cut() }, 0, []string{"b 5"}},
		{"down, and the next one too at first", func(a, b *server) {
			b.set(func(s *server) { s.down = true })
			a.cut()
		}, time.Second, []string{"b 5", "a 5"}},
		{"not ready, after a restart", func(a, b *server) {
			b.set(func(s *server) { s.ready, s.state = false, catalog.New() })
			a.cut()
		}, 4 * time.Second, []string{"b 5", "a 5"}},
		{"silent", func(a, b *server) { b.set(func(s *server) { s.frozen = true }); a.cut() }, 2 * time.Second, []string{"b 5", "a 5"}},
		{"out of date", func(a, _ *server) { a.set(func(s *server) { s.age = time.Minute }) }, 4 * time.Second, []string{"b 5"}},
		{"behind", func(a, b *server) { b.set(func(s *server) { s.state = filled(t, 3) }); a.cut() }, 4 * time.Second, []string{"b 5", "a 5"}},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			state := filled(t, 5)
			a, b := newServer("a", state), newServer("b", state)
			v, c, stop := following(t, Config{}, a, b)
			time.Sleep(3 * time.Second)
			synctest.Wait()
			c.requests()
			tt.fail(a, b)
			synctest.Wait()
			for waited := time.Duration(0); waited < tt.within; waited += 50 * time.Millisecond {
				if v.Status().Connected && c.asks() >= len(tt.asked) {
					break
				}
				time.Sleep(50 * time.Millisecond)
				synctest.Wait()
				sameRows(t, v.State(), state)
			}
			if got := c.requests(); !slices.Equal(got, tt.asked) {
				t.Errorf("%s: asked for %q, want %q", tt.name, got, tt.asked)
			}
			if s := v.Status(); !s.Connected || !s.Ready || s.Resyncs > 0 {
				t.Errorf("%s: %+v", tt.name, s)
			}
			add(t, state, registration(9))
			synctest.Wait()
			sameRows(t, v.State(), state)
			stop()
		})
	}
}

// TestOtherHistories has the servers' state be replaced by one that ours is no part of.
func TestOtherHistories(t *testing.T) {
	of := func(lineage byte, count int) *catalog.State {
		s := catalog.New()
		if lineage > 0 {
			add(t, s, &catalog.SetLineage{Lineage: catalog.Lineage{lineage}})
		}
		for i := range count {
			add(t, s, registration(100*int(lineage)+i))
		}
		return s
	}
	restored := func(s *catalog.State, from *catalog.State) {
		var b bytes.Buffer
		if err := from.Snapshot().Persist(&b); err != nil {
			t.Fatal(err)
		}
		if err := s.Restore(&b); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name    string
		replace func(s *server)
		within  time.Duration
	}{
		{"built anew, and further than before", func(s *server) { s.state = of(2, 50) }, 2 * time.Second},
		{"built anew, and not as far", func(s *server) { s.state = of(2, 3) }, 2 * time.Second},
		{"built anew without a lineage, and not as far", func(s *server) { s.state = of(0, 3) }, 2 * time.Second},
		{"of the same lineage, but not as far", func(s *server) { s.state = of(1, 3) }, 20 * time.Second},
		{"restored in place", func(s *server) { restored(s.state, of(1, 3)) }, 20 * time.Second},
	}
	for _, tt := range tests {
		for _, cut := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, cut %v", tt.name, cut), synctestOf(func(t *testing.T) {
				a := newServer("a", of(1, 20))
				v, _, stop := following(t, Config{}, a)
				time.Sleep(3 * time.Second)
				synctest.Wait()
				sameRows(t, v.State(), a.state)
				if cut {
					a.set(func(s *server) { s.down = true })
					a.cut()
					time.Sleep(3 * time.Second)
					if s := v.Status(); !s.Ready || s.Connected || s.Age < 3*time.Second {
						t.Errorf("%s: cut off: %+v", tt.name, s)
					}
				}
				a.set(tt.replace)
				a.set(func(s *server) { s.down = false })
				a.cut()
				sameRowsSoon(t, v, a.state, tt.within+maxBackoff)
				if s := v.Status(); s.Resyncs != 1 || s.Age > time.Second {
					t.Errorf("%s: %+v", tt.name, s)
				}
				add(t, a.state, registration(999))
				synctest.Wait()
				sameRows(t, v.State(), a.state)
				stop()
			}))
		}
	}
}

func synctestOf(f func(t *testing.T)) func(t *testing.T) {
	return func(t *testing.T) { synctest.Test(t, f) }
}

func sameRowsSoon(t *testing.T, v *View, want *catalog.State, within time.Duration) {
	t.Helper()
	for waited := time.Duration(0); waited < within && v.State().Applied() != want.Applied(); waited += 50 * time.Millisecond {
		time.Sleep(50 * time.Millisecond)
	}
	time.Sleep(heartbeat)
	synctest.Wait()
	sameRows(t, v.State(), want)
}

// TestLiveRestore restores the source while a View follows and others write: nothing is lost, nobody sees half of it.
func TestLiveRestore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newServer("a", filled(t, 20))
		v, c, stop := following(t, Config{}, a)
		synctest.Wait()
		var saved bytes.Buffer
		if err := filled(t, 10).Snapshot().Persist(&saved); err != nil {
			t.Fatal(err)
		}
		if err := a.state.RestoreAt(&saved, 40); err != nil {
			t.Fatal(err)
		}
		add(t, a.state, registration(50))
		synctest.Wait()
		sameRows(t, v.State(), a.state)
		if s := v.Status(); s.Resyncs != 1 || !s.Connected {
			t.Errorf("%+v", s)
		}
		if got := c.requests(); len(got) != 1 {
			t.Errorf("the feed was opened again: %q", got)
		}
		stop()
	})
}

// TestRelay has a View follow a View: both are equal to the source, and the age of the first is passed on.
func TestRelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newServer("a", filled(t, 5))
		first, _, stopFirst := following(t, Config{}, a)
		synctest.Wait()
		relay := newServer("relay", first.State())
		second, _, stopSecond := following(t, Config{}, relay)
		for i := range 10 {
			add(t, a.state, registration(10+i))
			synctest.Wait()
			time.Sleep(changePause)
		}
		synctest.Wait()
		sameRows(t, second.State(), a.state)
		src := first.Source()
		a.set(func(s *server) { s.down = true })
		a.cut()
		time.Sleep(10 * time.Second)
		if !src.Ready() || src.Age() < 9*time.Second || src.Leader() != "a:8300" {
			t.Errorf("ready %v, age %v, leader %s", src.Ready(), src.Age(), src.Leader())
		}
		stopSecond()
		stopFirst()
	})
}

func TestMaxStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newServer("a", filled(t, 5))
		v, _, stop := following(t, Config{MaxStale: time.Minute}, a)
		time.Sleep(time.Second)
		a.set(func(s *server) { s.down = true })
		a.cut()
		for _, at := range []time.Duration{30 * time.Second, 59 * time.Second, 62 * time.Second} {
			time.Sleep(at - v.Status().Age)
			if s := v.Status(); s.Ready != (at < time.Minute) {
				t.Errorf("at %v: %+v", at, s)
			}
		}
		a.set(func(s *server) { s.down = false })
		time.Sleep(2 * maxBackoff)
		if s := v.Status(); !s.Ready {
			t.Errorf("back again: %+v", s)
		}
		stop()
	})
}

// TestBackoff counts how often servers that are down are asked: at once, and then ever less often.
func TestBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newServer("a", filled(t, 5))
		v, c, stop := following(t, Config{}, a)
		time.Sleep(3 * time.Second)
		c.requests()
		a.set(func(s *server) { s.down = true })
		a.cut()
		synctest.Wait()
		if got := c.requests(); len(got) != 1 {
			t.Errorf("asked at once: %q", got)
		}
		time.Sleep(time.Minute)
		if n := len(c.requests()); n < 15 || n > 70 {
			t.Errorf("asked %d times in a minute", n)
		}
		if s := v.Status(); !s.Ready || s.Age < time.Minute {
			t.Errorf("%+v", s)
		}
		stop()
	})
}

func TestNewRefuses(t *testing.T) {
	for i, cfg := range []Config{{}, {Open: (&cluster{}).open}} {
		if _, err := New(cfg); err == nil {
			t.Error(fmt.Sprint("config ", i, " was accepted"))
		}
	}
}

func TestBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, _, stop := following(t, Config{}, newServer("a", filled(t, 5)))
		defer stop()
		synctest.Wait()
		at := v.Status().Index
		if n := v.Status().Behind; n != 0 {
			t.Errorf("behind by %d once everything came", n)
		}
		v.connected("b", at+7)
		if n := v.Status().Behind; n != 7 {
			t.Errorf("behind by %d, want 7", n)
		}
		time.Sleep(2 * heartbeat)
		synctest.Wait()
		if n := v.Status().Behind; n != 0 {
			t.Errorf("behind by %d once the server said otherwise", n)
		}
		v.connected("c", 1)
		if n := v.Status().Behind; n != 0 {
			t.Errorf("behind by %d a server that is behind us", n)
		}
	})
}
