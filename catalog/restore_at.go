package catalog

import (
	"fmt"
	"io"
)

// resRestored is the last RestoreAt, which changed every key.
const resRestored = "restored"

// RestoreAt is [State.Restore] of an older state as a new fact: it happens at a raft index
// that no state here has seen. Rows keep their indexes, but every mark is lifted to
// index, and so is the applied index: who waits for a change of anything
// is told of one. What follows is another history than the one that was saved, so the
// lineage changes. The same bytes at the same index make equal states.
func (s *State) RestoreAt(r io.Reader, index uint64) error {
	s.batch++
	t := newTables()
	t.batch = s.batch
	was, err := t.readPersisted(r)
	if err == nil && was > index {
		err = fmt.Errorf("its index is %d, past %d", was, index)
	}
	if err != nil {
		return fmt.Errorf("restore catalog: %w", err)
	}
	t.lift(index)
	t.lineage = t.lineage.branch(index)
	s.commit(t, index, func() { s.watches.tellAll(t.batch) })
	return nil
}

// lift raises the index of every resource, of those that are gone too. No reader
// has seen the rows yet, so they may be written to.
func (t *tables) lift(index uint64) {
	for _, r := range []string{
		resNodes, resServiceList, resChecks, resNodeGone, resServiceGone, resGraveFloor, resOnceFloor, resBrakes, resSessions, resSessionGone,
		resCoordinates, resCoordinateGone, resQueries, resRestored,
	} {
		if t.version(r) == nil {
			t.versions.put(t.batch, &version{Resource: r})
		}
	}
	for v := range t.versions.rows(byID, nil) {
		v.Index = index
	}
}
