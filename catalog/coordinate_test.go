package catalog

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"strings"
	"testing"
	"time"
)

// place is a coordinate at so many milliseconds from the middle, with a height of 1 ms.
func place(ms float64) Coordinate {
	return Coordinate{Vec: []float64{ms / 1000, 0, 0, 0, 0, 0, 0, 0}, Height: 0.001}
}

func (m *model) diffCoordinates(s *Snapshot) error {
	got := map[string]float64{}
	rows, _ := s.Coordinates()
	for _, r := range rows {
		got[r.Node] = r.Coord.Vec[0]
		if one, _ := s.Coordinate(strings.ToUpper(r.Node)); one != r {
			return fmt.Errorf("coordinate of %s: %+v by its name, %+v in the list", r.Node, one, r)
		}
	}
	if !maps.Equal(got, m.coords) {
		return fmt.Errorf("coordinates %v, want %v", got, m.coords)
	}
	return nil
}

func markCoordinates(s *Snapshot, out map[string]Mark) {
	_, out["coordinates"] = s.Coordinates()
	for _, n := range modelNodes {
		_, out["coordinate "+n] = s.Coordinate(n)
	}
}

func answerCoordinates(s *Snapshot, out map[string]string) {
	rows, _ := s.Coordinates()
	out["coordinates"] = render(rows)
	for _, n := range modelNodes {
		one, _ := s.Coordinate(n)
		out["coordinate "+n] = render([]*NodeCoordinate{one})
	}
}

// atPlaces returns nodes n1, n2, ... at places; NaN stands for a node without one.
func atPlaces(t *testing.T, ms ...float64) *script {
	s := newScript(t)
	for i, at := range ms {
		name := fmt.Sprint("n", i+1)
		s.do(nodeWithChecks(name))
		if !math.IsNaN(at) {
			s.do(&UpdateCoordinates{[]NodeCoordinate{{Node: strings.ToUpper(name), Coord: place(at)}}})
		}
	}
	return s
}

func TestRTT(t *testing.T) {
	near, far := place(0), place(10)
	for _, c := range []struct {
		adjust float64
		want   time.Duration
	}{{0, 12 * time.Millisecond}, {0.002, 16 * time.Millisecond}, {-0.001, 10 * time.Millisecond}, {-1, 12 * time.Millisecond}} {
		a, b := near, far
		a.Adjustment, b.Adjustment = c.adjust, c.adjust
		if got := a.RTT(&b).Round(time.Microsecond); got != c.want {
			t.Errorf("adjusted by %v: %v, want %v", c.adjust, got, c.want)
		}
	}
	s := atPlaces(t, 0, 10, math.NaN()).state.Snapshot()
	for _, c := range []struct {
		from, to string
		want     time.Duration
		ok       bool
	}{
		{"n1", "N2", 12 * time.Millisecond, true}, {"n1", "N1", 0, true}, {"n3", "n3", 0, true},
		{"n1", "n3", 0, false}, {"n3", "n1", 0, false}, {"none", "n1", 0, false},
	} {
		if got, ok := s.Near(c.from).RTT(c.to); ok != c.ok || got.Round(time.Microsecond) != c.want {
			t.Errorf("%s to %s: %v %v", c.from, c.to, got, ok)
		}
	}
}

// Rows of one distance, and those of unknown distance, keep their order.
func TestSortNear(t *testing.T) {
	s := atPlaces(t, 3, 0, math.NaN(), -3, 1, math.NaN()).state.Snapshot()
	for from, want := range map[string]string{
		"n2": "n2 n2b n5 n1 n4 n3 n6", "n1": "n1 n5 n2 n2b n4 n3 n6", "n6": "n6 n1 n2 n3 n4 n5 n2b", "none": "n1 n2 n3 n4 n5 n6 n2b", "": "n1 n2 n3 n4 n5 n6 n2b",
	} {
		rows := strings.Fields("n1 n2 n3 n4 n5 n6 n2b") // n2b is also of n2
		SortNear(s, from, rows, func(row string) string { return strings.TrimSuffix(row, "b") })
		if got := strings.Join(rows, " "); got != want {
			t.Errorf("from %q: %s, want %s", from, got, want)
		}
	}
}

func TestCoordinatesRefused(t *testing.T) {
	s := atPlaces(t, 1)
	bad := map[string]Coordinate{"none": {}, "short": {Vec: []float64{1}}}
	for name, change := range map[string]func(*Coordinate){
		"nan": func(c *Coordinate) { c.Vec[3] = math.NaN() }, "infinite": func(c *Coordinate) { c.Adjustment = math.Inf(-1) },
		"huge": func(c *Coordinate) { c.Height = 1e9 }, "below ground": func(c *Coordinate) { c.Height = -1 }, "error": func(c *Coordinate) { c.Error = -1 },
	} {
		c := place(0)
		change(&c)
		bad[name] = c
	}
	for name, c := range bad {
		if _, err := s.try(&UpdateCoordinates{[]NodeCoordinate{{Node: "n1", Coord: place(2)}, {Node: "n1", Coord: c}}}); CodeOf(err) != Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.try(&UpdateCoordinates{make([]NodeCoordinate, MaxCoordinateUpdates+1)}); CodeOf(err) != TooLarge {
		t.Errorf("too many: %v", err)
	}
	if c, _ := s.state.Snapshot().Coordinate("n1"); c.Coord.Vec[0] != 0.001 {
		t.Errorf("a refused command moved the node: %+v", c)
	}
}

// A move wakes who waits for coordinates, and nobody who waits for the node or its services.
func TestMovesWakeNobodyElse(t *testing.T) {
	s := atPlaces(t, 1, 2)
	snap := s.state.Snapshot()
	_, all := snap.Coordinates()
	_, one := snap.Coordinate("n1")
	_, other := snap.Coordinate("n2")
	_, entries := snap.WatchEntries("web")
	_, row := snap.WatchNode("n1")
	_, nodes := snap.Nodes()
	s.do(&UpdateCoordinates{[]NodeCoordinate{{Node: "n1", Coord: place(1)}, {Node: "gone", Coord: place(1)}}})
	if fired(all.Changed) {
		t.Error("nothing moved, and somebody was told")
	}
	s.do(&UpdateCoordinates{[]NodeCoordinate{{Node: "n1", Coord: place(5)}}})
	if !fired(all.Changed) || !fired(one.Changed) {
		t.Error("a move was not told")
	}
	for what, c := range map[string]<-chan struct{}{
		"coordinate of another": other.Changed, "service": entries, "service mark": snap.ServiceMark("web").Changed,
		"node": snap.NodeMark("n1").Changed, "row": row, "nodes": nodes.Changed,
	} {
		if fired(c) {
			t.Errorf("%s was told of a move", what)
		}
	}
}

// Followers have the coordinates too: those in the rows, and moves since. They go with the node.
func TestCoordinatesAreFollowed(t *testing.T) {
	s := atPlaces(t, 1, 2)
	changes, follower := s.state.Changes(), New()
	var rows bytes.Buffer
	if err := changes.Snapshot().PersistDiscovery(&rows); err != nil {
		t.Fatal(err)
	}
	if err := follower.Restore(&rows); err != nil {
		t.Fatal(err)
	}
	from := s.index
	s.do(&UpdateCoordinates{[]NodeCoordinate{{Node: "n2", Coord: place(7)}}})
	s.do(&Deregister{Node: "n1"})
	steps, _, _ := changes.Since(from)
	for _, step := range steps {
		data, err := step.Encode()
		if err != nil {
			t.Fatal(err)
		}
		c, err := Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := follower.Apply(step.Index, c); err != nil {
			t.Fatal(err)
		}
	}
	want, wantMark := s.state.Snapshot().Coordinates()
	got, mark := follower.Snapshot().Coordinates()
	if len(got) != 1 || render(got) != render(want) || mark.Index != wantMark.Index {
		t.Errorf("%s at %d, want %s at %d", render(got), mark.Index, render(want), wantMark.Index)
	}
}

func TestMoved(t *testing.T) {
	base := place(10) // 10 ms away: 1.1 ms are noticeable
	for _, c := range []struct {
		name string
		next Coordinate
		want bool
	}{
		{"nothing", base, false}, {"a little", place(10.5), false}, {"much", place(12), true},
		{"height", Coordinate{Vec: base.Vec, Height: 0.003}, true}, {"adjustment", Coordinate{Vec: base.Vec, Height: 0.001, Adjustment: -0.002}, true},
		{"error alone", Coordinate{Vec: base.Vec, Height: 0.001, Error: 1}, false},
	} {
		if got := base.Moved(&c.next); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	if tiny, next := place(0), place(0.09); tiny.Moved(&next) {
		t.Error("90 us are never noticeable")
	}
}
