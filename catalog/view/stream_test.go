package view

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"muster/catalog"

	"pgregory.net/rapid"
)

// script builds the bytes of a feed.
type script struct{ b []byte }

func scripted() *script { return &script{[]byte(magic)} }

func (s *script) frame(k kind, payload []byte) *script {
	s.b = append(appendHead(s.b, k, payload), payload...)
	return s
}

func (s *script) status(sent, index uint64, ready bool) *script {
	return s.frame(kindStatus, status{sent: sent, index: index, ready: ready}.append(nil))
}

func (s *script) steps(from, to uint64, list ...catalog.Step) *script {
	b := appendSteps(nil, from, to)
	for _, step := range list {
		data, err := catalog.Encode(step.Command)
		if err != nil {
			panic(err)
		}
		b = appendStep(b, step.Index, data)
	}
	return s.frame(kindSteps, b)
}

func (s *script) raw(b ...byte) *script { s.b = append(s.b, b...); return s }

func (s *script) snapshot(claim uint64, data []byte) *script {
	return s.frame(kindSnapshotBegin, binary.BigEndian.AppendUint64(nil, claim)).frame(kindSnapshotChunk, data).frame(kindSnapshotEnd, nil)
}

// feedOf is a feed that ends with its script, or stays silent then.
type feedOf struct {
	io.Reader
	ctx    context.Context
	silent bool
}

func (f feedOf) Read(b []byte) (int, error) {
	n, err := f.Reader.Read(b)
	if err == io.EOF && f.silent {
		<-f.ctx.Done()
	}
	return n, err
}

func (f feedOf) Close() error { return nil }

// TestImpossibleFeeds has a View with rows at index 5 follow what no honest server sends. It keeps
// its rows, and fetches them anew or goes on where it was, as the fault demands.
func TestImpossibleFeeds(t *testing.T) {
	good := filled(t, 5)
	whole := persistedOf(t, good)
	at := func(i uint64) catalog.Step { return catalog.Step{Index: i, Command: registration(int(i))} }
	ready := func() *script { return scripted().status(5, 5, true) }
	fails := catalog.Step{Index: 6, Command: &catalog.SetStatus{Node: "none", CheckID: "c", Status: catalog.Passing}}
	huge := ready().raw(byte(kindSteps), 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0)
	many := ready()
	for range maxMessageBytes/maxFrameBytes + 1 {
		many.frame(kindPart, make([]byte, maxFrameBytes))
	}
	foreign := scripted().frame(kindStatus, status{sent: 5, index: 6, ready: true, lineage: catalog.Lineage{9}}.append(nil)).steps(5, 6, at(6))
	flipped := ready().steps(5, 6, at(6))
	flipped.b[len(flipped.b)-3] ^= 1
	tests := []struct {
		name   string
		feed   *script
		silent bool
		then   uint64 // what the next feed is asked for
	}{
		{"nothing", &script{}, true, 5},
		{"an end", scripted(), false, 5},
		{"half a frame", &script{ready().steps(5, 6, at(6)).b[:80]}, false, 5},
		{"silence", ready(), true, 5},
		{"another protocol", &script{[]byte("HTTP/1.1 200 OK\r\n\r\n and so on")}, false, 0},
		{"a flipped bit", flipped, false, 0},
		{"a frame too long", huge, false, 0},
		{"a message too long", many, false, 0},
		{"an unknown kind", ready().frame(99, nil), false, 0},
		{"a chunk without a beginning", ready().frame(kindSnapshotChunk, nil), false, 0},
		{"an end without a beginning", ready().frame(kindSnapshotEnd, nil), false, 0},
		{"a short status", ready().frame(kindStatus, []byte{1, 2}), false, 0},
		{"a status of other steps", ready().status(7, 7, true), false, 0},
		{"short steps", ready().frame(kindSteps, []byte{1, 2}), false, 0},
		{"a step cut off", ready().frame(kindSteps, appendStep(appendSteps(nil, 5, 6), 6, []byte("\x01\x01{}"))[:30]), false, 0},
		{"a step that is none", ready().frame(kindSteps, appendStep(appendSteps(nil, 5, 6), 6, []byte("\x01\x63{}"))), false, 0},
		{"a gap", ready().steps(6, 7, at(7)), false, 0},
		{"steps from the past", ready().steps(4, 5, at(5)), false, 0},
		{"steps backwards", ready().steps(5, 4), false, 0},
		{"steps out of order", ready().steps(5, 8, at(7), at(6)), false, 0},
		{"a step twice", ready().steps(5, 8, at(6), at(6)), false, 0},
		{"a step past the end", ready().steps(5, 6, at(7)), false, 0},
		{"steps of a server that is not ready", scripted().status(5, 5, false).steps(5, 6, at(6)), false, 0},
		{"a snapshot of a server that is not ready", scripted().status(5, 0, false).snapshot(0, persistedOf(t, catalog.New())), false, 0},
		{"a damaged snapshot", ready().snapshot(5, whole[:len(whole)-1]), false, 5},
		{"a snapshot cut off", ready().frame(kindSnapshotBegin, make([]byte, 8)).frame(kindSnapshotChunk, whole[:500]), false, 5},
		{"a status within a snapshot", ready().frame(kindSnapshotBegin, make([]byte, 8)).status(5, 5, true), false, 0},
		{"a snapshot of another index", ready().snapshot(6, whole), false, 0},
		{"more behind a snapshot", ready().snapshot(5, append(slices.Clone(whole), 1)), false, 0},
		{"a snapshot without index", ready().frame(kindSnapshotBegin, nil), false, 0},
		{"steps of another lineage", foreign, false, 0},
		{"a step that fails here", ready().steps(5, 6, fails), false, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, synctestOf(func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			var asked []uint64
			cfg := Config{File: copyOf(t, good, time.Now()), Datacenter: "dc1", Logger: slog.New(slog.DiscardHandler)}
			cfg.Open = func(ctx context.Context, since uint64) (io.ReadCloser, error) {
				asked = append(asked, since)
				if len(asked) > 1 {
					cancel()
					return nil, errors.New("that was all")
				}
				return feedOf{bytes.NewReader(tt.feed.b), ctx, tt.silent}, nil
			}
			v, err := New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			v.Run(ctx)
			if !slices.Equal(asked, []uint64{5, tt.then}) {
				t.Errorf("asked for what follows %d", asked)
			}
			if rows(t, v.State()) != rows(t, good) {
				t.Errorf("the rows changed: at %d", v.State().Applied())
			}
		}))
	}
}

func persistedOf(t testing.TB, s *catalog.State) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := s.Snapshot().PersistDiscovery(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestOpenHangs has a server that accepts nobody: another one is asked.
func TestOpenHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		asked := 0
		v, err := New(Config{Logger: slog.New(slog.DiscardHandler), Open: func(ctx context.Context, _ uint64) (io.ReadCloser, error) {
			if asked++; asked == 3 {
				cancel()
			}
			<-ctx.Done()
			if asked == 2 { // it came after all, too late
				return feedOf{bytes.NewReader(nil), ctx, false}, nil
			}
			return nil, ctx.Err()
		}})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		v.Run(ctx)
		if took := time.Since(began); took < 2*openTimeout || took > 3*openTimeout {
			t.Errorf("asked three times in %v", took)
		}
	})
}

// TestFollowersStayEqual plays random writes, cuts, restores, restarts and pauses to Views
// of several servers. Whenever a View is connected and had a moment, it holds what its servers do; at
// all times its rows are ones that its servers had at that index.
func TestFollowersStayEqual(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(inBubble{t}, func(r *rapid.T) {
			state := filled(t, 3)
			a, b := newServer("a", state), newServer("b", state)
			v, _, stop := following(t, Config{File: ""}, a, b)
			defer stop()
			history := map[string]bool{rows(r, state): true, rows(r, catalog.New()): true}
			write := func(c catalog.Command) {
				_, _ = state.Apply(state.Applied()+1, c) // failures are part of it
				history[rows(r, state)] = true
			}
			honest := func() {
				synctest.Wait()
				if !history[rows(r, v.State())] {
					r.Fatalf("the copy at %d holds what no server ever held", v.State().Applied())
				}
			}
			node := rapid.SampledFrom([]string{"node-0000", "node-0919", "node-0838", "none"})
			r.Repeat(map[string]func(*rapid.T){
				"register": func(r *rapid.T) { write(registration(rapid.IntRange(0, 30).Draw(r, "which"))) },
				"status": func(r *rapid.T) {
					i := rapid.IntRange(0, 30).Draw(r, "which")
					write(&catalog.SetStatus{
						Node: registration(i).Node.Name, CheckID: registration(i).Checks[0].ID,
						Status: rapid.SampledFrom([]catalog.Status{catalog.Passing, catalog.Critical}).Draw(r, "status"),
					})
				},
				"deregister": func(r *rapid.T) { write(&catalog.Deregister{Node: node.Draw(r, "node")}) },
				"key":        func(*rapid.T) { write(&catalog.SetKey{Key: []byte("k")}) },
				"burst": func(r *rapid.T) {
					for i := range rapid.IntRange(1, 15).Draw(r, "count") {
						write(registration(i))
					}
				},
				"again": func(*rapid.T) {
					write(&catalog.Once{ID: [16]byte{1}, Command: &catalog.Deregister{Node: "node-0000"}})
				},
				"restore": func(*rapid.T) {
					var saved bytes.Buffer
					if err := state.Snapshot().Persist(&saved); err != nil {
						r.Fatal(err)
					}
					if err := state.RestoreAt(&saved, state.Applied()+10); err != nil {
						r.Fatal(err)
					}
					history[rows(r, state)] = true
				},
				"cut":   func(*rapid.T) { a.cut(); b.cut() },
				"pause": func(r *rapid.T) { time.Sleep(time.Duration(rapid.IntRange(0, 3000).Draw(r, "ms")) * time.Millisecond) },
				"down":  func(r *rapid.T) { a.set(func(s *server) { s.down = rapid.Bool().Draw(r, "down") }); a.cut() },
				"":      func(*rapid.T) { honest() },
			})
			a.set(func(s *server) { s.down = false })
			for waited := time.Duration(0); waited < 10*time.Second && !v.Status().Connected; waited += heartbeat {
				time.Sleep(heartbeat)
			}
			time.Sleep(heartbeat)
			honest()
			if got, want := rows(r, v.State()), rows(r, state); got != want || v.State().Applied() != state.Applied() {
				r.Fatalf("the copy at %d differs from its servers at %d:\n%s\n%s", v.State().Applied(), state.Applied(), got, want)
			}
		})
	})
}

// inBubble hides the deadline of a test, which may not be asked for in a bubble.
type inBubble struct{ rapid.TB }

func FuzzFrames(f *testing.F) {
	f.Add(scripted().status(5, 5, true).steps(5, 6, catalog.Step{Index: 6, Command: registration(6)}).b)
	f.Add(scripted().frame(kindPart, []byte("part")).frame(kindSteps, []byte("rest")).b)
	f.Fuzz(func(t *testing.T, data []byte) {
		in := newFrames(bytes.NewReader(data))
		if in.begin() != nil {
			return
		}
		for {
			k, payload, err := in.next()
			if err != nil {
				return
			}
			checkPayload(t, k, payload)
		}
	})
}

// FuzzPayloads gets behind the checksum, which keeps a fuzzer out.
func FuzzPayloads(f *testing.F) {
	f.Add(status{leader: "10.0.0.1:8300"}.append(nil), true)
	f.Add(scripted().steps(5, 7, catalog.Step{Index: 6, Command: registration(6)}).b[len(magic)+headBytes:], false)
	f.Fuzz(func(t *testing.T, data []byte, heartbeat bool) {
		if heartbeat {
			checkPayload(t, kindStatus, data)
		} else {
			checkPayload(t, kindSteps, data)
		}
	})
}

// checkPayload holds what is parsed to being what is written again.
func checkPayload(t *testing.T, k kind, payload []byte) {
	switch k {
	case kindStatus:
		m, err := parseStatus(payload)
		if err != nil {
			return
		}
		if again, err := parseStatus(m.append(nil)); err != nil || again != m {
			t.Fatalf("%+v became %+v, %v", m, again, err)
		}
	case kindSteps:
		m, err := parseSteps(payload)
		if err != nil {
			return
		}
		last := m.from
		for _, s := range m.list {
			if s.Index <= last || s.Index > m.to {
				t.Fatal(fmt.Sprint("step ", s.Index, " behind ", last, " on the way to ", m.to))
			}
			last = s.Index
		}
		if last != m.to {
			t.Fatalf("steps to %d end at %d", m.to, last)
		}
	}
}
