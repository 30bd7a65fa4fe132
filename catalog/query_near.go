package catalog

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Coordinates returns the coordinates of all nodes that have one, in the order of their names.
func (s *Snapshot) Coordinates() ([]*NodeCoordinate, Mark) {
	return collect(s.coordinates.rows(byID, nil)), s.mark(resCoordinates)
}

// Coordinate returns the coordinate of a node, or nil, and its mark.
func (s *Snapshot) Coordinate(node string) (*NodeCoordinate, Mark) {
	return s.coordinate(node), s.mark(resCoordinate(node), resCoordinateGone)
}

// WatchNear is [Snapshot.Near]. Its channel moves with any coordinate.
func (s *Snapshot) WatchNear(node string) (Near, <-chan struct{}) {
	return s.Near(node), s.mark(resCoordinates).Changed
}

// Near estimates round trips from one node.
type Near struct {
	snap *Snapshot
	from string
	at   *NodeCoordinate // nil: not known
}

// Near returns the estimates from a node, which need not exist.
func (s *Snapshot) Near(node string) Near { return Near{s, node, s.coordinate(node)} }

// RTT estimates a round trip to a node: none to the node itself. It is not ok if the place of either is not known.
func (n Near) RTT(node string) (rtt time.Duration, ok bool) {
	if EqualFold(n.from, node) {
		return 0, true
	}
	if n.at == nil {
		return 0, false
	}
	there := n.snap.coordinate(node)
	if there == nil {
		return 0, false
	}
	return n.at.Coord.RTT(&there.Coord), true
}

// SortNear orders rows by the estimated round trip from a node to the nodes that they are of:
// its own first, then the nearest; those to which there is no estimate come last. Rows of one
// distance keep their order. The node need not exist: then nothing moves.
func SortNear[T any](s *Snapshot, from string, rows []T, nodeOf func(T) string) {
	type distant struct {
		row T
		rtt time.Duration
	}
	near := s.Near(from)
	sorted := make([]distant, len(rows))
	for i, row := range rows {
		rtt, known := near.RTT(nodeOf(row))
		if !known {
			rtt = math.MaxInt64
		}
		sorted[i] = distant{row, rtt}
	}
	slices.SortStableFunc(sorted, func(a, b distant) int { return cmp.Compare(a.rtt, b.rtt) })
	for i := range sorted {
		rows[i] = sorted[i].row
	}
}
