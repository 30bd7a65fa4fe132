package agent

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"muster/catalog"
	"muster/consensus/gossip"
)

const (
	// surveyInterval is the least time between two looks at where members are, and
	// surveyJitter up to what is added, so that nothing on the leader keeps step with it.
	surveyInterval, surveyJitter = 15 * time.Second, 3 * time.Second
	// maxSurveyed is how many coordinates go into the log after one look: 64 a second, as
	// with Consul. In larger clusters that all move each waits its turn.
	maxSurveyed = 64 * int(surveyInterval/time.Second)
)

// surveyor brings the catalog in line with where members are, while this server leads. It
// has that from its own pings, so members send nothing.
type surveyor struct {
	applier     applier
	snapshot    func() *catalog.Snapshot
	coordinates func() map[string]gossip.Coordinate // of members, by name
	log         *slog.Logger

	last string // of the names told last: the next look goes on behind it
}

// run looks at intervals during one term, until ctx ends.
func (s *surveyor) run(ctx context.Context) {
	failing := false
	for wait(ctx, time.After(surveyInterval+rand.N(surveyJitter))) {
		err := s.tell(ctx, s.moved(s.snapshot(), s.coordinates()))
		if err != nil && ctx.Err() == nil && !failing {
			s.log.Warn("coordinates of members do not reach the catalog, trying again", "err", err)
		}
		failing = err != nil
	}
}

// moved returns the nodes that the catalog has at another place than gossip, in the order in which it is their turn.
func (s *surveyor) moved(snap *catalog.Snapshot, now map[string]gossip.Coordinate) []catalog.NodeCoordinate {
	var out []catalog.NodeCoordinate
	for _, name := range slices.Sorted(maps.Keys(now)) {
		next := catalog.Coordinate(now[name])
		if snap.Node(name) == nil || next.Validate() != nil {
			continue
		}
		row, _ := snap.Coordinate(name)
		// One that has just started knows nothing yet, and less than it did before.
		if row == nil || row.Coord.Moved(&next) && next.Error < nothingKnown {
			out = append(out, catalog.NodeCoordinate{Node: name, Coord: next})
		}
	}
	if len(out) <= maxSurveyed {
		return out
	}
	from, _ := slices.BinarySearchFunc(out, s.last+"\x00", func(c catalog.NodeCoordinate, name string) int {
		return strings.Compare(c.Node, name)
	})
	out = slices.Concat(out[from:], out[:from])[:maxSurveyed]
	s.last = out[maxSurveyed-1].Node
	return out
}

// nothingKnown is the error of a coordinate that no ping has moved.
const nothingKnown = 1.5

// tell has the catalog know.
func (s *surveyor) tell(ctx context.Context, moved []catalog.NodeCoordinate) error {
	ctx, cancel := context.WithTimeout(ctx, deedTime)
	defer cancel()
	for part := range slices.Chunk(moved, catalog.MaxCoordinateUpdates) {
		if _, err := s.applier.Apply(ctx, &catalog.UpdateCoordinates{Updates: part}); err != nil {
			return fmt.Errorf("update coordinates: %w", err)
		}
	}
	return nil
}
