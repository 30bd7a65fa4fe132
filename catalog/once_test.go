package catalog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"testing"
)

func once(id byte, c Command) *Once { return &Once{ID: [16]byte{id}, Command: c} }

func TestOnce(t *testing.T) {
	create := &SetKey{Key: []byte("k"), Value: []byte("mine"), CAS: true}
	tests := []struct {
		name    string
		command Command
		then    Command // applied between the first and the second time
		want    string  // outcome, of both times
	}{
		{"a write that matched", create, &SetKey{Key: []byte("k"), Value: []byte("theirs")}, "ok true"},
		{"a write that did not match", &SetKey{Key: []byte("k"), CAS: true, Index: 9}, create, "ok false"},
		{"a failure", &SetStatus{Node: "n1", CheckID: "c", Status: Passing}, &Register{
			Node: Node{Name: "n1", Address: "10.0.0.1"}, Checks: []*Check{{ID: "c", Status: Critical}},
		}, `ok false not_found node "n1" has no check with id "c"`},
		{"a batch", &Batch{Commands: []Command{create, &SetKey{}, create}}, &DeleteKey{Key: []byte("k")},
			"ok true [ok true][ok false invalid key is missing][ok false]"},
	}
	for _, tt := range tests {
		for _, restart := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, restart %v", tt.name, restart), func(t *testing.T) {
				s := New()
				again := once(1, tt.command)
				if got := outcomeText(s.Apply(2, again)); got != tt.want {
					t.Fatalf("first: %s, want %s", got, tt.want)
				}
				apply(t, s, tt.then)
				if restart {
					s = restoredFrom(t, s)
				}
				before := answers(s.Snapshot())
				if got := outcomeText(s.Apply(9, again)); got != tt.want {
					t.Errorf("again: %s, want %s", got, tt.want)
				}
				for what, said := range answers(s.Snapshot()) {
					if said != before[what] {
						t.Errorf("%s was changed to %s", what, said)
					}
				}
				if got := outcomeText(s.Apply(10, once(2, &SetKey{Key: []byte("other")}))); got != "ok true" {
					t.Errorf("another id: %s", got)
				}
			})
		}
	}
}

func outcomeText(r Result, err error) string {
	one := func(ok bool, err error) string {
		if err != nil {
			return fmt.Sprintf("ok %v %s %v", ok, CodeOf(err), err)
		}
		return fmt.Sprint("ok ", ok)
	}
	text := one(r.OK, err)
	for i, o := range r.Batch {
		if i == 0 {
			text += " "
		}
		text += "[" + one(o.OK, o.Err) + "]"
	}
	return text
}

func restoredFrom(t *testing.T, s *State) *State {
	t.Helper()
	fresh := New()
	if err := fresh.Restore(bytes.NewReader(persistedBytes(t, s))); err != nil {
		t.Fatal(err)
	}
	return fresh
}

// numbered is the i-th of a series of writes of one key, whose ids are in no order.
func numbered(i int) *Once {
	o := &Once{Command: &SetKey{Key: []byte("k"), Value: fmt.Append(nil, i)}}
	binary.BigEndian.PutUint64(o.ID[:], uint64(i)*0x9E3779B97F4A7C15)
	return o
}

// TestOnceIsForgotten has outcomes last as long as their span, from when they came last.
func TestOnceIsForgotten(t *testing.T) {
	for _, restart := range []bool{false, true} {
		s := New()
		at := func(index uint64, i int, want string) {
			t.Helper()
			if restart {
				s = restoredFrom(t, s)
			}
			if _, err := s.Apply(index, numbered(i)); err != nil {
				t.Fatal(err)
			}
			if p, _ := s.Snapshot().Pair("k"); string(p.Value) != want {
				t.Errorf("index %d, restart %t: after %d, k is %s, want %s", index, restart, i, p.Value, want)
			}
		}
		for i := range 20 {
			at(uint64(10+i), i, fmt.Sprint(i))
		}
		at(10+RememberedSpan, 0, "19") // the first one again
		at(11+RememberedSpan, 100, "100")
		at(11+2*RememberedSpan, 0, "100") // it has come since
		if n := s.Snapshot().memories.len(); n != 21 {
			t.Errorf("%d are remembered; a repetition makes no room", n)
		}
		at(20+2*RememberedSpan, 101, "101")
		if n := s.Snapshot().memories.len(); n != 22-maxForgotten {
			t.Errorf("%d are remembered, want so few less: %d", n, maxForgotten)
		}
		for i := range 3 {
			at(uint64(21+2*RememberedSpan+i), 200+i, fmt.Sprint(200+i))
		}
		if n := s.Snapshot().memories.len(); n != 5 { // 0, 101, 200, 201 and 202
			t.Errorf("%d are remembered", n)
		}
		at(30+2*RememberedSpan, 5, "5")
	}
}

// TestOnceIsBounded pushes out the oldest outcomes when all together would take too
// much, and charges them the same after a restart.
func TestOnceIsBounded(t *testing.T) {
	parts := make([]Command, 50_000)
	for i := range parts {
		parts[i] = &SetStatus{Node: "nobody", CheckID: "c", Status: Passing}
	}
	s := New()
	apply(t, s, numbered(0))
	const fit = maxRememberedBytes / (64 * 50_000)
	for i := range fit + 1 {
		apply(t, s, &Once{ID: [16]byte{byte(i + 1)}, Command: &Batch{Commands: parts}})
	}
	n, charged := s.Snapshot().memories.len(), s.current.Load().remembered
	if n != fit || charged > maxRememberedBytes {
		t.Errorf("%d are remembered, charged with %d bytes", n, charged)
	}
	if after := restoredFrom(t, s).current.Load().remembered; after != charged {
		t.Errorf("charged with %d bytes after a restart, %d before", after, charged)
	}
}

// BenchmarkRemembered reports what the outcomes of a whole span keep of the heap, and take of a snapshot.
func BenchmarkRemembered(b *testing.B) {
	for b.Loop() {
		s := New()
		if _, err := s.Apply(1, numbered(0)); err != nil {
			b.Fatal(err)
		}
		heap := func() uint64 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			return m.HeapAlloc
		}
		before, saved := heap(), len(persistedBytes(b, s))
		for i := range RememberedSpan {
			if _, err := s.Apply(uint64(i+2), numbered(i+1)); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(heap()-before)/RememberedSpan, "heap-B/outcome")
		b.ReportMetric(float64(len(persistedBytes(b, s))-saved)/RememberedSpan, "snapshot-B/outcome")
		runtime.KeepAlive(s)
	}
}

func TestOnceOnTheWire(t *testing.T) {
	c := &Once{ID: [16]byte{1, 2, 0xff}, Command: &Batch{Commands: []Command{&SetKey{Key: []byte("k")}, &Deregister{Node: "n"}}}}
	data, err := Encode(c)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if o, ok := back.(*Once); !ok || o.ID != c.ID || len(o.Command.(*Batch).Commands) != 2 {
		t.Errorf("%T %+v", back, back)
	}
	if data, err := Encode(&Once{}); err == nil {
		t.Errorf("a once without command is encoded as %q", data)
	}
	for _, c := range []*Once{{}, once(1, once(2, &SetKey{Key: []byte("k")}))} {
		if _, err := New().Apply(1, c); CodeOf(err) != Invalid {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestAutopilot(t *testing.T) {
	s := New()
	was, mark := s.Snapshot().Autopilot()
	if was != DefaultAutopilot() || mark.Index != 1 {
		t.Errorf("at first: %+v at %d", was, mark.Index)
	}
	changed := was
	changed.MinQuorum, changed.CleanupDeadServers = 3, false
	for i, step := range []struct {
		c      *SetAutopilot
		want   string
		quorum uint
		index  uint64
	}{
		{&SetAutopilot{Config: changed, CAS: true, Index: 1}, "ok false", 0, 0},
		{&SetAutopilot{Config: Autopilot{LastContactThreshold: -1}}, "ok false invalid autopilot: LastContactThreshold -1ns and ServerStabilizationTime 0s must not be negative", 0, 0},
		{&SetAutopilot{Config: changed, CAS: true}, "ok true", 3, 3},
		{&SetAutopilot{Config: was, CAS: true}, "ok false", 3, 3},
		{&SetAutopilot{Config: was, CAS: true, Index: 3}, "ok true", 0, 5},
		{&SetAutopilot{Config: changed}, "ok true", 3, 6},
	} {
		_, before := s.Snapshot().Autopilot()
		if got := outcomeText(s.Apply(uint64(i+1), step.c)); got != step.want {
			t.Errorf("step %d: %s, want %s", i+1, got, step.want)
		}
		now, mark := s.Snapshot().Autopilot()
		if now.MinQuorum != step.quorum || now.ModifyIndex != step.index || mark.Index != max(1, step.index) {
			t.Errorf("step %d: quorum %d at %d, want %d at %d", i+1, now.MinQuorum, now.ModifyIndex, step.quorum, step.index)
		}
		if moved := mark.Index != before.Index; fired(before.Changed) != moved {
			t.Errorf("step %d: watch fired %v, want %v", i+1, !moved, moved)
		}
	}
	now, _ := restoredFrom(t, s).Snapshot().Autopilot()
	if changed.CreateIndex, changed.ModifyIndex = 3, 6; now != changed {
		t.Errorf("restored: %+v, want %+v", now, changed)
	}
}

func TestLineage(t *testing.T) {
	s := New()
	for i, step := range []struct {
		set  Lineage
		want string
	}{
		{Lineage{}, "ok false invalid lineage is missing"},
		{Lineage{7}, "ok true"},
		{Lineage{8}, "ok false"},
	} {
		if got := outcomeText(s.Apply(uint64(i+1), &SetLineage{step.set})); got != step.want {
			t.Errorf("step %d: %s, want %s", i+1, got, step.want)
		}
	}
	if got := restoredFrom(t, s).Snapshot().Lineage(); got != (Lineage{7}) {
		t.Errorf("restored: %v", got)
	}
	fresh := New()
	if err := fresh.Restore(bytes.NewReader(discovery(t, s.Snapshot()))); err != nil || fresh.Snapshot().Lineage() != (Lineage{7}) {
		t.Errorf("a copy has lineage %v, %v", fresh.Snapshot().Lineage(), err)
	}
}

// TestRestoreAtIsAnotherHistory restores an older state as a new fact, which nothing may be compared with by index.
func TestRestoreAtIsAnotherHistory(t *testing.T) {
	saved := filled(t)
	data := persistedBytes(t, saved)
	at := func(index uint64) *Snapshot {
		s := New()
		if err := s.RestoreAt(bytes.NewReader(data), index); err != nil {
			t.Fatal(err)
		}
		return s.Snapshot()
	}
	one, again, other := at(50), at(50), at(51)
	if one.Lineage() != again.Lineage() || one.Lineage() == other.Lineage() || one.Lineage() == saved.Snapshot().Lineage() {
		t.Errorf("lineages %v, %v, %v of %v", one.Lineage(), again.Lineage(), other.Lineage(), saved.Snapshot().Lineage())
	}
	_, key := one.Pair("k\xff\x00")
	_, settings := one.Autopilot()
	if key.Index != 50 || settings.Index != 50 {
		t.Errorf("a key is at %d, settings at %d, want 50", key.Index, settings.Index)
	}
}

// TestOnceComesTooLate refuses a Once that may be a copy of one whose outcome was forgotten.
func TestOnceComesTooLate(t *testing.T) {
	write := func(id byte, origin uint64) *Once {
		return &Once{ID: [16]byte{id}, Origin: origin, Command: &SetKey{Key: []byte{'k', id}}}
	}
	s := New()
	at := func(index uint64, c *Once, want error) {
		t.Helper()
		s = restoredFrom(t, s)
		res, err := s.Apply(index, c)
		if !errors.Is(err, want) || res.OK != (want == nil) || want != nil && (CodeOf(err) != Unavailable || !errors.Is(err, ErrOutcomeUnknown)) {
			t.Errorf("%d of %d at %d: %+v, %v; want %v", c.ID[0], c.Origin, index, res, err, want)
		}
	}
	const span = RememberedSpan
	at(10, write(1, 8), nil)
	at(20, write(2, 8), nil)
	at(span, write(2, 8), nil) // remembered, whatever its origin
	at(span+1, write(3, 5), nil)
	at(span+12, write(4, span), nil) // the first, applied at 10, is forgotten
	at(span+13, write(1, 8), ErrTooLate)
	at(span+14, write(5, 9), ErrTooLate) // it never came before, which nobody knows
	at(span+15, write(6, 10), nil)
	at(span+16, write(7, 0), nil)
	at(span+17, write(2, 8), nil)
	if p, _ := s.Snapshot().Pair("k\x01"); p == nil || p.ModifyIndex != 10 {
		t.Errorf("it was applied again: %+v", p)
	}
	if p, _ := s.Snapshot().Pair("k\x05"); p != nil {
		t.Errorf("applied, and said not to be: %+v", p)
	}
	// What was sent before a restore has no place in what was restored.
	file := persistedBytes(t, s)
	if err := s.RestoreAt(bytes.NewReader(file), span+30); err != nil {
		t.Fatal(err)
	}
	at(span+31, write(8, span+29), ErrTooLate)
	at(span+32, write(9, span+30), nil)
}
