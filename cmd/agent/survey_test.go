package agent

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"muster/catalog"
	"muster/consensus/gossip"
)

// away is a coordinate so many milliseconds from the middle.
func away(ms float64) gossip.Coordinate {
	return gossip.Coordinate{Vec: []float64{ms / 1000, 0, 0, 0, 0, 0, 0, 0}, Height: 0.001, Error: 0.2}
}

// places is where members are, for a test that moves them while it is looked at.
type places struct {
	mu sync.Mutex
	at map[string]gossip.Coordinate
}

func (p *places) move(name string, to gossip.Coordinate) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at[name] = to
}

func (p *places) all() map[string]gossip.Coordinate {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.at)
}

// newSurveyor returns a surveyor over a catalog with nodes n0000, n0001, ...
func newSurveyor(t *testing.T, nodes int) (*surveyor, *direct, *places) {
	raft := &direct{state: catalog.New()}
	at := &places{at: map[string]gossip.Coordinate{}}
	for i := range nodes {
		name := fmt.Sprintf("n%04d", i)
		if _, err := raft.Apply(t.Context(), &catalog.Register{Node: catalog.Node{Name: name, Address: "10.0.0.1"}}); err != nil {
			t.Fatal(err)
		}
		at.move(name, away(float64(i)))
	}
	return &surveyor{
		applier: raft, snapshot: raft.state.Snapshot, log: slog.New(slog.DiscardHandler),
		coordinates: at.all,
	}, raft, at
}

// The catalog learns where members are within half a minute, and is then left alone until one moves.
func TestSurvey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, raft, at := newSurveyor(t, 3)
		at.move("stranger", away(1))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); s.run(ctx) }()
		defer func() { cancel(); <-done }()
		written := raft.state.Applied()
		after := func(d time.Duration, commands uint64, rows int, first float64) {
			t.Helper()
			time.Sleep(d)
			synctest.Wait()
			all, _ := raft.state.Snapshot().Coordinates()
			if got := raft.state.Applied() - written; got != commands || len(all) != rows {
				t.Fatalf("%d commands and %d rows, want %d and %d", got, len(all), commands, rows)
			}
			if rows > 0 && all[0].Coord.Vec[0] != first/1000 {
				t.Fatalf("n0000 is at %v, want %v ms", all[0].Coord.Vec, first)
			}
		}
		after(surveyInterval-time.Second, 0, 0, 0)
		after(surveyJitter+time.Second, 1, 3, 0)
		after(10*surveyInterval, 1, 3, 0)
		at.move("n0000", away(0.05)) // too little to be told
		after(2*surveyInterval, 1, 3, 0)
		at.move("n0000", away(5))
		after(2*surveyInterval, 2, 3, 5)
		fresh := away(0)
		fresh.Error = nothingKnown
		at.move("n0000", fresh) // the agent has started again
		after(2*surveyInterval, 2, 3, 5)
		at.move("n0000", away(9))
		raft.setDown(true)
		after(2*surveyInterval, 2, 3, 5)
		raft.setDown(false)
		after(2*surveyInterval, 3, 3, 9)
	})
}

// However large the cluster, a look writes no more than its share, and everybody has a turn.
func TestSurveyOfManyTakesTurns(t *testing.T) {
	const nodes = 2*maxSurveyed + 100
	s, raft, at := newSurveyor(t, nodes)
	for look := range 3 {
		for name, c := range at.all() { // all move between two looks
			at.move(name, away(c.Vec[0]*1000+100))
		}
		moved := s.moved(raft.state.Snapshot(), at.all())
		if len(moved) != maxSurveyed {
			t.Fatalf("look %d: %d rows", look, len(moved))
		}
		if err := s.tell(t.Context(), moved); err != nil {
			t.Fatal(err)
		}
	}
	all, _ := raft.state.Snapshot().Coordinates()
	if len(all) != nodes {
		t.Errorf("%d nodes had a turn, want %d", len(all), nodes)
	}
}
