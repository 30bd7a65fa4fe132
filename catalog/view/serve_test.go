package view

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"muster/catalog"
)

// transcript reads a feed and writes down what comes, and how long after the start.
func transcript(r io.Reader, began time.Time, tell func(string)) error {
	in := newFrames(r)
	if err := in.begin(); err != nil {
		return err
	}
	for {
		k, payload, err := in.next()
		if err != nil {
			return err
		}
		var text string
		switch k {
		case kindStatus:
			m, err := parseStatus(payload)
			if err != nil {
				return err
			}
			text = fmt.Sprintf("status sent=%d index=%d age=%v ready=%v %s", m.sent, m.index, m.age, m.ready, m.leader)
		case kindSteps:
			m, err := parseSteps(payload)
			if err != nil {
				return err
			}
			text = fmt.Sprintf("steps %d-%d", m.from, m.to)
			for _, s := range m.list {
				if s.Command != nil {
					text += fmt.Sprint(" ", s.Index)
				}
			}
		default:
			text = []string{kindSnapshotBegin: "begin", kindSnapshotChunk: "chunk", kindSnapshotEnd: "end"}[k]
		}
		tell(fmt.Sprintf("%gms %s", float64(time.Since(began).Microseconds())/1000, text))
	}
}

// TestFeed plays scripts to a feed in a bubble where time is exact.
func TestFeed(t *testing.T) {
	register := func(s *server, i int) { s.state.Apply(s.state.Applied()+1, registration(i)) }
	key := func(s *server) {
		s.state.Apply(s.state.Applied()+1, &catalog.SetKey{Key: []byte("k")})
	}
	tests := []struct {
		name  string
		since uint64
		play  func(s *server)
		want  string
	}{
		{"all of it", 0, func(*server) { time.Sleep(600 * time.Millisecond) },
			"0ms status sent=0 index=3 age=1s ready=true a:8300; 0ms begin; 0ms chunk; 0ms end; 0ms status sent=3 index=3 age=1s ready=true a:8300;" +
				"500ms status sent=3 index=3 age=1s ready=true a:8300"},
		{"what is new", 1, func(*server) { time.Sleep(time.Millisecond) },
			"0ms status sent=1 index=3 age=1s ready=true a:8300; 0ms steps 1-3 2 3"},
		{"a change at once, further ones together", 3, func(s *server) {
			time.Sleep(100 * time.Millisecond)
			for i := range 12 {
				register(s, i+10)
				time.Sleep(1100 * time.Microsecond)
			}
			time.Sleep(100 * time.Millisecond)
			register(s, 30)
			time.Sleep(time.Millisecond)
		}, "0ms status sent=3 index=3 age=1s ready=true a:8300; 100ms steps 3-4 4; 105ms steps 4-8 5 6 7 8; 110ms steps 8-13 9 10 11 12 13;" +
			"115ms steps 13-15 14 15; 213.2ms steps 15-16 16"},
		{"the mere index at once, then seldom", 3, func(s *server) {
			time.Sleep(100 * time.Millisecond)
			for range 5 {
				key(s)
				time.Sleep(10 * time.Millisecond)
			}
			time.Sleep(50 * time.Millisecond)
		}, "0ms status sent=3 index=3 age=1s ready=true a:8300; 100ms steps 3-4; 150ms steps 4-8"},
		{"a change while the index rests", 3, func(s *server) {
			time.Sleep(100 * time.Millisecond)
			key(s)
			time.Sleep(10 * time.Millisecond)
			register(s, 10)
			time.Sleep(10 * time.Millisecond)
		}, "0ms status sent=3 index=3 age=1s ready=true a:8300; 100ms steps 3-4; 110ms steps 4-5 5"},
		{"nothing before it is ready", 0, func(s *server) {
			s.set(func(s *server) { s.ready = true })
			time.Sleep(100 * time.Millisecond)
		}, "0ms status sent=0 index=3 age=1s ready=false a:8300; 500ms status sent=0 index=3 age=1s ready=false a:8300;" +
			"550ms status sent=0 index=3 age=1s ready=true a:8300; 550ms begin; 550ms chunk; 550ms end; 550ms status sent=3 index=3 age=1s ready=true a:8300"},
		{"a follower that is ahead", 5, func(s *server) {
			for i := range 4 {
				register(s, i+10)
				time.Sleep(100 * time.Millisecond)
			}
			time.Sleep(101 * time.Millisecond)
		}, "0ms status sent=5 index=3 age=1s ready=true a:8300; 200ms steps 5-6 6; 300ms steps 6-7 7; 500ms status sent=7 index=7 age=1s ready=true a:8300"},
		{"other rows", 3, func(s *server) {
			time.Sleep(time.Millisecond)
			var b bytes.Buffer
			_ = filled(t, 7).Snapshot().Persist(&b)
			_ = s.state.Restore(&b)
			time.Sleep(time.Millisecond)
		}, "0ms status sent=3 index=3 age=1s ready=true a:8300; 1ms begin; 1ms chunk; 1ms end; 1ms status sent=7 index=7 age=1s ready=true a:8300"},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			s := newServer("a", filled(t, 3))
			s.age, s.ready = time.Second, !strings.Contains(tt.want, "ready=false")
			near, far := net.Pipe()
			ctx, cancel := context.WithCancel(t.Context())
			served, read := make(chan error), make(chan struct{})
			var got []string
			began := time.Now()
			go func() { served <- Serve(ctx, far, s.source(), tt.since) }()
			go func() {
				defer close(read)
				_ = transcript(near, began, func(line string) { got = append(got, line) })
			}()
			if !s.ready {
				time.Sleep(501 * time.Millisecond)
			}
			synctest.Wait()
			tt.play(s)
			cancel()
			if err := <-served; err != nil {
				t.Errorf("%s: Serve: %v", tt.name, err)
			}
			far.Close()
			<-read
			want := strings.Split(tt.want, ";")
			for i := range max(len(got), len(want)) {
				if i >= len(got) || i >= len(want) || got[i] != strings.TrimSpace(want[i]) {
					t.Errorf("%s: got\n%s\nwant\n%s", tt.name, strings.Join(got, "\n"), strings.ReplaceAll(tt.want, ";", "\n"))
					break
				}
			}
		})
	}
}

// TestSlowFollowerIsCut has a follower stop reading: the state does not notice, others neither, and it is cut.
func TestSlowFollowerIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer("a", filled(t, 3))
		v, _, stop := following(t, Config{}, s)
		near, far := net.Pipe()
		served := make(chan error, 1)
		go func() { served <- Serve(t.Context(), far, s.source(), 0) }()
		if err := newFrames(near).begin(); err != nil {
			t.Fatal(err)
		}
		for i := range 20 {
			add(t, s.state, registration(i+10)) // would hang if it waited: time stands still
			time.Sleep(100 * time.Millisecond)
			synctest.Wait()
			sameRows(t, v.State(), s.state)
		}
		began := time.Now()
		if err := <-served; !errors.Is(err, ErrUnread) {
			t.Errorf("the slow one's feed ended with %v", err)
		}
		if late := time.Since(began); late > writeTimeout {
			t.Errorf("it was cut %v later", late)
		}
		near.Close()
		far.Close()
		stop()
	})
}

// TestCutWhileWriting ends a feed whose follower does not read by its context.
func TestCutWhileWriting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		ctx, cancel := context.WithCancel(t.Context())
		served := make(chan error, 1)
		go func() { served <- Serve(ctx, far, newServer("a", filled(t, 3)).source(), 0) }()
		synctest.Wait()
		cancel()
		synctest.Wait()
		select {
		case err := <-served:
			if err != nil {
				t.Error(err)
			}
		default:
			t.Error("the feed waits for its follower")
			near.Close()
		}
		near.Close()
		far.Close()
	})
}

// TestServeOverHTTP finds the flush and the deadline of a response, behind a wrapper too.
func TestServeOverHTTP(t *testing.T) {
	s := newServer("a", filled(t, 3))
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := Serve(r.Context(), wrapped{w}, s.source(), 0); err != nil {
			t.Logf("feed: %v", err)
		}
	}))
	defer ts.Close()
	resp, err := ts.Client().Get(ts.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := make(chan string, 100)
	go func() {
		defer close(lines)
		_ = transcript(resp.Body, time.Now(), func(line string) { lines <- line })
	}()
	for line := range lines {
		if strings.Contains(line, "status sent=3") {
			return
		}
	}
	t.Error("the feed ended before its snapshot was there")
}

// wrapped hides a response, as middleware does.
type wrapped struct{ http.ResponseWriter }

func (w wrapped) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// TestLongMessages sends a step that no frame holds, and more steps than one message does.
func TestLongMessages(t *testing.T) {
	state := filled(t, 1)
	add(t, state, &catalog.Register{
		Node: catalog.Node{Name: "big", Address: "10.0.0.1", Meta: map[string]string{"m": strings.Repeat("x", 3*maxFrameBytes)}},
	})
	for i := range 3000 {
		add(t, state, registration(i))
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	near, far := net.Pipe()
	go func() { _ = Serve(ctx, far, newServer("a", state).source(), 1); far.Close() }()
	in, copied, messages := newFrames(near), filled(t, 1), 0
	if err := in.begin(); err != nil {
		t.Fatal(err)
	}
	for copied.Applied() < state.Applied() {
		k, payload, err := in.next()
		if err != nil {
			t.Fatal(err)
		}
		if k != kindSteps {
			continue
		}
		m, err := parseSteps(payload)
		if err != nil || m.from != copied.Applied() {
			t.Fatalf("steps from %d at %d: %v", m.from, copied.Applied(), err)
		}
		copied.ApplyAll(m.list)
		messages++
	}
	sameRows(t, copied, state)
	if messages < 5 {
		t.Errorf("%d messages for %d steps", messages, state.Applied())
	}
	near.Close()
}
