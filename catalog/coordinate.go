package catalog

import (
	"math"
	"slices"
	"time"
)

const (
	// CoordinateDimensions is how many numbers the Vec of a coordinate has.
	CoordinateDimensions = 8
	// maxCoordinate bounds, in seconds, every part of a coordinate, so that sums of them are durations.
	maxCoordinate = 1000.0
	// MaxCoordinateUpdates is how many coordinates one command may bring.
	MaxCoordinateUpdates = 256
)

// Coordinate is where a node stands in the network, found by the times that its pings
// take (Vivaldi): what two nodes are apart estimates a round trip between them.
type Coordinate struct {
	Vec        []float64 // seconds; CoordinateDimensions of them
	Error      float64   // how far it can be trusted: 0 well, 1.5 not at all
	Adjustment float64   // seconds, to be added for either end; may be negative
	Height     float64   // seconds, of the way from the node to where the network begins
}

// Validate reports, as an Invalid error, a coordinate that estimates could not be made of.
func (c *Coordinate) Validate() error {
	if len(c.Vec) != CoordinateDimensions {
		return Errorf(Invalid, "coordinate: Vec has %d numbers, not %d", len(c.Vec), CoordinateDimensions)
	}
	for _, part := range append([]float64{c.Error, c.Adjustment, c.Height}, c.Vec...) {
		if math.IsNaN(part) || math.Abs(part) > maxCoordinate {
			return Errorf(Invalid, "coordinate: %v is not within %v seconds", part, maxCoordinate)
		}
	}
	if c.Height < 0 || c.Error < 0 {
		return Errorf(Invalid, "coordinate: Height %v and Error %v must not be negative", c.Height, c.Error)
	}
	return nil
}

// RTT estimates a round trip between two places. Both must be valid.
func (c *Coordinate) RTT(o *Coordinate) time.Duration {
	seconds := apart(c.Vec, o.Vec) + c.Height + o.Height
	if adjusted := seconds + c.Adjustment + o.Adjustment; adjusted > 0 {
		seconds = adjusted
	}
	return time.Duration(seconds * float64(time.Second))
}

// apart is the distance of two points.
func apart(a, b []float64) float64 {
	sum := 0.0
	for i := range min(len(a), len(b)) {
		sum += (a[i] - b[i]) * (a[i] - b[i])
	}
	return math.Sqrt(sum)
}

const (
	// noticeable is by how much of its distance from the middle of the network a coordinate
	// moves before that is worth telling, and leastNoticeable by how much in any case, in seconds.
	noticeable, leastNoticeable = 0.1, 100e-6
)

// Moved reports whether estimates made with next would differ noticeably from those made
// with c. Coordinates never rest: every ping moves them a little.
func (c *Coordinate) Moved(next *Coordinate) bool {
	by := apart(c.Vec, next.Vec) + math.Abs(c.Height-next.Height) + math.Abs(c.Adjustment-next.Adjustment)
	return by > max(leastNoticeable, noticeable*(apart(c.Vec, make([]float64, len(c.Vec)))+c.Height))
}

// equal reports whether two coordinates are the same.
func (c *Coordinate) equal(o *Coordinate) bool {
	return slices.Equal(c.Vec, o.Vec) && c.Error == o.Error && c.Adjustment == o.Adjustment && c.Height == o.Height
}

// NodeCoordinate is the coordinate of a node.
type NodeCoordinate struct {
	Node        string
	Coord       Coordinate
	ModifyIndex uint64
}

// UpdateCoordinates moves nodes. Those that are not registered are left out without an error, for
// they may have gone meanwhile; ModifyIndex is not read.
type UpdateCoordinates struct {
	Updates []NodeCoordinate // at most MaxCoordinateUpdates
}

func (*UpdateCoordinates) kind() kind { return kindUpdateCoordinates }

func (c *UpdateCoordinates) apply(t *tx) (Result, error) {
	if len(c.Updates) > MaxCoordinateUpdates {
		return Result{}, Errorf(TooLarge, "%d coordinates at once, the limit is %d", len(c.Updates), MaxCoordinateUpdates)
	}
	for i := range c.Updates {
		if err := c.Updates[i].Coord.Validate(); err != nil {
			return Result{}, Errorf(Invalid, "node %q: %w", c.Updates[i].Node, err)
		}
	}
	for _, u := range c.Updates {
		if n := t.node(u.Node); n != nil {
			t.putCoordinate(&NodeCoordinate{Node: n.Name, Coord: u.Coord, ModifyIndex: t.index})
		}
	}
	return Result{OK: true}, nil
}

func (t *tx) putCoordinate(c *NodeCoordinate) {
	if old := t.coordinate(c.Node); old != nil && old.Coord.equal(&c.Coord) {
		return
	}
	put(t, &t.coordinates, c)
	t.touch(resCoordinates, resCoordinate(c.Node))
}

// removeCoordinate forgets where a node was that is going.
func (t *tx) removeCoordinate(node string) {
	c := t.coordinate(node)
	if c == nil {
		return
	}
	remove(t, &t.coordinates, c)
	t.touch(resCoordinates)
	t.forget(resCoordinate(node), resCoordinateGone)
}
