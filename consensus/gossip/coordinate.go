package gossip

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"sync"
	"time"

	"github.com/hashicorp/memberlist"
	"github.com/hashicorp/serf/coordinate"
)

// Coordinate is where a member stands in the network: what two of them are apart
// estimates a round trip. All but Error, which has no unit, are seconds.
type Coordinate struct {
	Vec        []float64 // eight numbers
	Error      float64   // 1.5: nothing is known yet; 0: certain
	Adjustment float64
	Height     float64
}

// dimensions is how many numbers the Vec of a coordinate has.
const dimensions = 8

// farthest bounds what is believed of a coordinate, in seconds: slower answers than that
// are not measured either. One member that lies moves others by no more than a quarter of it at a time.
const farthest = 10.0

// survey finds out where this agent is, by the times of its pings, and keeps what others said of themselves.
type survey struct {
	own *coordinate.Client

	mu     sync.Mutex
	others map[string]Coordinate // by name; of members that are heard
}

func newSurvey() (*survey, error) {
	cfg := coordinate.DefaultConfig()
	cfg.Dimensionality = dimensions
	own, err := coordinate.NewClient(cfg)
	if err != nil {
		return nil, err
	}
	return &survey{own: own, others: map[string]Coordinate{}}, nil
}

// learn takes note of a ping that was answered, and of where who answered says to be.
func (s *survey) learn(name string, rtt time.Duration, at Coordinate) error {
	c := coordinate.Coordinate(at)
	if _, err := s.own.Update(name, &c, rtt); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.others[name] = at
	return nil
}

// forget drops what is known of a member that is gone.
func (s *survey) forget(name string) {
	s.own.ForgetNode(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.others, name)
}

// Coordinate returns where this agent is. It is not ok where coordinates are off.
func (p *Pool) Coordinate() (c Coordinate, ok bool) {
	if p.survey == nil {
		return Coordinate{}, false
	}
	return Coordinate(*p.survey.own.GetCoordinate()), true
}

// Coordinates returns where this agent is, and the members that it has pinged itself, by
// name, as they said last. The caller may change the map, not what the coordinates hold.
func (p *Pool) Coordinates() map[string]Coordinate {
	own, ok := p.Coordinate()
	if !ok {
		return nil
	}
	p.survey.mu.Lock()
	defer p.survey.mu.Unlock()
	all := maps.Clone(p.survey.others)
	all[p.cfg.Name] = own
	return all
}

// NotifyPingComplete implements memberlist.PingDelegate. Members without coordinates send nothing.
func (d *delegate) NotifyPingComplete(n *memberlist.Node, rtt time.Duration, payload []byte) {
	if d.survey == nil || len(payload) == 0 {
		return
	}
	at, err := decodeCoordinate(payload)
	if err == nil {
		err = d.survey.learn(n.Name, rtt, at)
	}
	if !d.book.lives(n.Name) { // it answered just before it left, and NotifyLeave was faster
		d.survey.forget(n.Name)
	}
	if err != nil {
		d.report.seldom("coordinate", slog.LevelWarn, "gossip coordinate refused", "member", n.Name, "error", err)
	}
}

// AckPayload implements memberlist.PingDelegate.
func (d *delegate) AckPayload() []byte {
	own, ok := d.Coordinate()
	if !ok {
		return nil
	}
	return own.encode()
}

// coordinateVersion is the first byte of a coordinate on the wire; eleven numbers of eight bytes follow.
const coordinateVersion = 1

func (c Coordinate) encode() []byte {
	out := append(make([]byte, 0, 1+8*(dimensions+3)), coordinateVersion)
	for _, part := range append([]float64{c.Error, c.Adjustment, c.Height}, c.Vec...) {
		out = binary.BigEndian.AppendUint64(out, math.Float64bits(part))
	}
	return out
}

func decodeCoordinate(data []byte) (Coordinate, error) {
	if len(data) != 1+8*(dimensions+3) || data[0] != coordinateVersion {
		return Coordinate{}, fmt.Errorf("coordinate of %d bytes is of no form known here", len(data))
	}
	parts := make([]float64, dimensions+3)
	for i := range parts {
		parts[i] = math.Float64frombits(binary.BigEndian.Uint64(data[1+8*i:]))
		if !(math.Abs(parts[i]) <= farthest) { // NaN neither
			return Coordinate{}, fmt.Errorf("coordinate holds %v, which is farther than %v seconds", parts[i], farthest)
		}
	}
	c := Coordinate{Error: parts[0], Adjustment: parts[1], Height: parts[2], Vec: parts[3:]}
	if c.Error < 0 || c.Height < 0 {
		return Coordinate{}, errors.New("coordinate has a negative height or error")
	}
	return c, nil
}
