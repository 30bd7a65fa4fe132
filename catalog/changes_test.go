package catalog

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

// follower is a copy of a state, kept by its changes alone.
type follower struct {
	source, copy *State
	changes      *Changes
	resyncs      int
}

// limit has less be kept than is otherwise.
func (c *Changes) limit(steps, bytes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.maxSteps, c.maxBytes = steps, bytes
}

// catchUp brings the copy to where its source is, as a feed would.
func (f *follower) catchUp(t *rapid.T) {
	list, head, ok := f.changes.Since(f.copy.Applied())
	for !ok {
		f.changes = f.source.Changes()
		if err := f.copy.Restore(bytes.NewReader(discovery(t, f.changes.Snapshot()))); err != nil {
			t.Fatal(err)
		}
		f.resyncs++
		list, head, ok = f.changes.Since(f.copy.Applied())
	}
	steps := make([]Step, 0, len(list)+1)
	for _, c := range list {
		data, err := c.Encode()
		if err != nil {
			t.Fatal(err)
		}
		command, err := Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		steps = append(steps, Step{c.Index, command})
	}
	for _, a := range f.copy.ApplyAll(append(steps, Step{Index: head})) {
		if a.Err != nil {
			t.Fatalf("what the source applied fails on the copy: %v", a.Err)
		}
	}
}

func discovery(t interface{ Fatal(...any) }, s *Snapshot) []byte {
	var b bytes.Buffer
	if err := s.PersistDiscovery(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// drawAny draws commands of every kind, those that come again included.
func drawAny(t *rapid.T, last uint64) Command {
	switch rapid.IntRange(0, 9).Draw(t, "wrapped") {
	case 0, 1:
		return &Once{ID: [16]byte{rapid.Byte().Draw(t, "id") % 4}, Command: drawPart(t, last)}
	case 2, 3:
		return drawBatch(t, last)
	default:
		return drawPart(t, last)
	}
}

// drawPart draws a command that may stand in a Once.
func drawPart(t *rapid.T, last uint64) Command {
	switch rapid.IntRange(0, 23).Draw(t, "part") {
	case 20, 21, 22, 23:
		return drawObserved(t)
	case 5, 6, 7:
		return drawPrepared(t)
	case 18:
		return &FireEvent{Name: "e", Seed: rapid.Uint64().Draw(t, "seed")}
	case 0:
		return &SetLineage{Lineage{rapid.Byte().Draw(t, "lineage") % 3}}
	case 1:
		return &SetAutopilot{Config: DefaultAutopilot(), CAS: true, Index: rapid.Uint64Range(0, last).Draw(t, "at")}
	case 2, 3:
		return drawBatch(t, last)
	default:
		return drawCommand(t, last)
	}
}

func drawBatch(t *rapid.T, last uint64) *Batch {
	b := &Batch{}
	for range rapid.IntRange(0, 4).Draw(t, "parts") {
		b.Commands = append(b.Commands, drawCommand(t, last))
	}
	return b
}

// TestFollowersAreEqual has two copies follow a state, one reading often, the other seldom, over
// a ring of random size, with restores in between: at equal index they hold what the source does.
func TestFollowersAreEqual(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source := New()
		bound := func() {
			source.Changes().limit(rapid.IntRange(1, 12).Draw(t, "ring"), maxChangeBytes)
		}
		bound()
		followers := []*follower{
			{source: source, copy: New(), changes: source.Changes()},
			{source: source, copy: New(), changes: source.Changes()},
		}
		compare := func(f *follower) {
			f.catchUp(t)
			now := source.Snapshot()
			if got, want := discovery(t, f.copy.Snapshot()), discovery(t, now); !bytes.Equal(got, want) {
				t.Fatalf("at %d the copy, after %d resyncs, is\n%q, want\n%q", now.Index, f.resyncs, got, want)
			}
			got, want := marks(f.copy.Snapshot()), marks(now)
			for _, what := range []string{"nodes", "services", "checks", "node n1", "service web"} {
				if got[what].Index != want[what].Index {
					t.Fatalf("index of %s is %d, want %d", what, got[what].Index, want[what].Index)
				}
			}
		}
		index := uint64(1)
		var kept []byte
		for range rapid.IntRange(1, 50).Draw(t, "rounds") {
			var steps []Step
			for range rapid.IntRange(1, 4).Draw(t, "together") {
				index += rapid.Uint64Range(1, 3).Draw(t, "gap")
				step := Step{Index: index}
				if rapid.IntRange(0, 5).Draw(t, "none") > 0 {
					step.Command = drawAny(t, index)
				}
				steps = append(steps, step)
			}
			source.ApplyAll(steps)
			compare(followers[0])
			if rapid.IntRange(0, 6).Draw(t, "read") == 0 {
				compare(followers[1])
			}
			switch rapid.IntRange(0, 20).Draw(t, "restore") {
			case 0:
				kept = persisted(t, source)
			case 1:
				if kept != nil { // back in time: indexes repeat with other commands
					if err := source.Restore(bytes.NewReader(kept)); err != nil {
						t.Fatal(err)
					}
					index = source.Applied()
					bound()
				}
			}
		}
		for _, f := range followers {
			compare(f)
		}
	})
}

func TestChangesLeaveOut(t *testing.T) {
	web := instance("n1", "10.0.0.1", "web1", "web")
	failing := &SetStatus{Node: "n9", CheckID: "c", Status: Passing}
	key := &SetKey{Key: []byte("k")}
	once := &Once{ID: [16]byte{1}, Command: &Batch{Commands: []Command{key, web, failing, &Deregister{Node: "n7"}}}}
	tests := []struct {
		name    string
		command Command
		parts   int
	}{
		{"a registration", web, 1},
		{"one that fails", failing, 0},
		{"a key", key, 0},
		{"settings", &SetAutopilot{}, 0},
		{"nothing", nil, 0},
		{"a batch, but for keys and failures", once.Command, 2},
		{"a batch of keys", &Batch{Commands: []Command{key, key}}, 0},
		{"a batch of one that counts", &Batch{Commands: []Command{key, web}}, 1},
		{"what is within a once", once, 2},
		{"a once that came before", once, 0},
	}
	s := New()
	for i, tt := range tests {
		index := uint64(i + 1)
		s.ApplyAll([]Step{{index, tt.command}})
		list, head, ok := s.Changes().Since(index - 1)
		if !ok || head != index {
			t.Fatalf("%s: head %d, ok %v", tt.name, head, ok)
		}
		parts := 0
		for _, c := range list {
			data, err := c.Encode()
			if err != nil {
				t.Fatal(err)
			}
			command, err := Decode(data)
			if err != nil {
				t.Fatal(err)
			}
			parts = 1
			if b, ok := command.(*Batch); ok {
				parts = len(b.Commands)
			}
		}
		if parts != tt.parts {
			t.Errorf("%s: %d commands, want %d", tt.name, parts, tt.parts)
		}
	}
}

func TestChangesAreBounded(t *testing.T) {
	s := New()
	c := s.Changes()
	c.limit(10, 1<<20)
	for range 30 {
		apply(t, s, instance("n1", "10.0.0.1", "web1", "web"))
	}
	for since, want := range map[uint64]bool{0: false, 19: false, 20: true, 29: true, 30: true, 31: true} {
		if _, _, ok := c.Since(since); ok != want {
			t.Errorf("since %d: ok %v, want %v", since, ok, want)
		}
	}
	c.limit(10, 6*1024)
	apply(t, s, instance("n1", "10.0.0.1", "web1", "web", &Check{ID: "c", Status: Passing, Output: string(make([]byte, 3000))}))
	if list, _, ok := c.Since(30); !ok || len(list) != 1 {
		t.Errorf("the newest step is not there: %d steps, ok %v", len(list), ok)
	}
	if _, _, ok := c.Since(28); ok {
		t.Error("more bytes are kept than allowed")
	}
	apply(t, s, instance("n1", "10.0.0.1", "web1", "web", &Check{ID: "c", Status: Passing, Output: string(make([]byte, 5000))}))
	if _, _, ok := c.Since(31); ok {
		t.Error("a step larger than all that may be kept is kept")
	}
	if _, _, ok := c.Since(32); !ok {
		t.Error("who has everything must begin anew")
	}
}

func TestChangesTell(t *testing.T) {
	s := New()
	c := s.Changes()
	first := c.Changed()
	apply(t, s, &SetKey{Key: []byte("k")})
	if fired(first) {
		t.Error("a key was told of")
	}
	apply(t, s, instance("n1", "10.0.0.1", "web1", "web"))
	if !fired(first) || fired(c.Changed()) {
		t.Error("a step was not told of, or twice")
	}
	data, second := persistedBytes(t, s), c.Changed()
	if err := s.Restore(bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	if !fired(second) || !fired(c.Changed()) {
		t.Error("a restore was not told of")
	}
	if _, _, ok := c.Since(s.Applied()); ok {
		t.Error("steps go on past a restore")
	}
	if list, head, ok := s.Changes().Since(2); !ok || head != 2 || len(list) != 0 {
		t.Errorf("after a restore: %d steps to %d, ok %v", len(list), head, ok)
	}
}
