package gossip

import (
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/hashicorp/memberlist"
)

// Members that ping one another come to know where they are, and forget who leaves.
func TestCoordinates(t *testing.T) {
	pools := form(t, agent("a"), agent("b"), agent("still", func(c *Config) { c.NoCoordinates = true }))
	for _, p := range pools[:2] {
		until(t, "coordinates of both", func() bool {
			all := p.Coordinates()
			return len(all) == 2 && all["a"].Error < 1.5 && all["b"].Error < 1.5
		})
		if own, ok := p.Coordinate(); !ok || len(own.Vec) != dimensions {
			t.Errorf("own: %+v %v", own, ok)
		}
	}
	if _, ok := pools[2].Coordinate(); ok || pools[2].Coordinates() != nil {
		t.Error("an agent without coordinates has some")
	}
	if err := pools[1].Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	until(t, "a to forget b", func() bool { return len(pools[0].Coordinates()) == 1 })
	own, _ := pools[1].Coordinate()
	(&delegate{pools[0]}).NotifyPingComplete(&memberlist.Node{Name: "b"}, time.Millisecond, own.encode())
	if all := pools[0].Coordinates(); len(all) != 1 {
		t.Errorf("an answer that was late brought b back: %v", all)
	}
}

// Two agents that are always told 40 ms end up so far apart.
func TestSurveyConverges(t *testing.T) {
	a, errA := newSurvey()
	b, errB := newSurvey()
	if errA != nil || errB != nil {
		t.Fatal(errA, errB)
	}
	const rtt = 40 * time.Millisecond
	for range 200 {
		if err := a.learn("b", rtt, Coordinate(*b.own.GetCoordinate())); err != nil {
			t.Fatal(err)
		}
		if err := b.learn("a", rtt, Coordinate(*a.own.GetCoordinate())); err != nil {
			t.Fatal(err)
		}
	}
	if got := a.own.DistanceTo(b.own.GetCoordinate()); got < rtt*8/10 || got > rtt*12/10 {
		t.Errorf("estimated %v, want about %v", got, rtt)
	}
	if err := a.learn("b", -1, a.others["b"]); err == nil {
		t.Error("a time before the ping was taken")
	}
	a.forget("b")
	if len(a.others) != 0 {
		t.Error("b was not forgotten")
	}
}

func TestCoordinateOnTheWire(t *testing.T) {
	good := Coordinate{Vec: []float64{1, -2, 3, 0, 0, 0, 0, 1e-9}, Error: 1.5, Adjustment: -0.25, Height: 0.5}
	got, err := decodeCoordinate(good.encode())
	if err != nil || !reflect.DeepEqual(got, good) {
		t.Errorf("%+v, %v", got, err)
	}
	for name, change := range map[string]func(*Coordinate){
		"nan": func(c *Coordinate) { c.Vec[0] = math.NaN() }, "infinite": func(c *Coordinate) { c.Height = math.Inf(1) },
		"far": func(c *Coordinate) { c.Vec[7] = -1e300 }, "height": func(c *Coordinate) { c.Height = -1 },
		"error": func(c *Coordinate) { c.Error = -0.1 }, "short": func(c *Coordinate) { c.Vec = c.Vec[:7] }, "long": func(c *Coordinate) { c.Vec = append(c.Vec, 0) },
	} {
		c := good
		c.Vec = append([]float64(nil), good.Vec...)
		change(&c)
		if _, err := decodeCoordinate(c.encode()); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	data := good.encode()
	data[0]++
	if _, err := decodeCoordinate(data); err == nil {
		t.Error("another version was taken")
	}
}

// A peer that lies as much as it may moves this agent, but breaks nothing: honest pings bring it back.
func TestLiarIsOutvoted(t *testing.T) {
	s, err := newSurvey()
	if err != nil {
		t.Fatal(err)
	}
	lie := Coordinate{Vec: []float64{farthest, 0, 0, 0, 0, 0, 0, 0}, Height: farthest, Adjustment: -farthest}
	for range 100 {
		if err := s.learn("liar", 0, lie); err != nil {
			t.Fatal(err)
		}
	}
	honest := Coordinate{Vec: make([]float64, dimensions), Error: 0.1, Height: 1e-5}
	for range 2000 {
		if err := s.learn("honest", time.Millisecond, honest); err != nil {
			t.Fatal(err)
		}
	}
	c := s.own.GetCoordinate()
	at := Coordinate(*c)
	if got := time.Duration(distance(at, honest) * float64(time.Second)); got > 10*time.Millisecond {
		t.Errorf("%v from an honest member that is 1 ms away", got)
	}
}

// distance is that of the vectors alone.
func distance(a, b Coordinate) float64 {
	sum := 0.0
	for i := range a.Vec {
		sum += (a.Vec[i] - b.Vec[i]) * (a.Vec[i] - b.Vec[i])
	}
	return math.Sqrt(sum)
}
