package catalog

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Row is a row of a persisted state, as [Examine] comes by it.
type Row struct {
	Kind RowKind
	// Bytes is what the row takes in the stream.
	Bytes int
	body  []byte
}

// RowKind is the kind of a persisted row. Those that no constant names keep the state's own books.
type RowKind byte

// Kinds of rows that others put into the state.
const (
	RowNode     = RowKind(recordNode)
	RowInstance = RowKind(recordInstance)
	RowCheck    = RowKind(recordCheck)
	RowKey      = RowKind(recordKey)
)

// String names a kind for people.
func (k RowKind) String() string {
	switch recordKind(k) {
	case recordNode:
		return "nodes"
	case recordInstance:
		return "services"
	case recordCheck:
		return "checks"
	case recordObserved:
		return "observations"
	case recordKey:
		return "keys"
	case recordGrave:
		return "deleted keys"
	case recordVersion:
		return "indexes"
	case recordMemory:
		return "outcomes"
	case recordAutopilot:
		return "autopilot"
	case recordLineage:
		return "lineage"
	case recordSession:
		return "sessions"
	case recordDelay:
		return "lock delays"
	case recordCoordinate:
		return "coordinates"
	case recordTurn:
		return "turns of health"
	case recordBrake:
		return "brakes"
	case recordEvent:
		return "events"
	case recordPreparedQuery:
		return "prepared queries"
	}
	return fmt.Sprintf("kind %d", byte(k))
}

// Key returns the key of a row of kind [RowKey], "" of others.
func (r Row) Key() string {
	var pair struct{ Key []byte }
	if r.Kind != RowKey || json.Unmarshal(r.body, &pair) != nil { // Examine will refuse it
		return ""
	}
	return string(pair.Key)
}

// Examine reads what Persist wrote as [State.Restore] does, for nobody's state, and
// calls visit for every row unless it is nil, before it knows that the row is good. What Restore would refuse is an error
// here, and so is anything that follows behind the end. A Row is valid until visit returns.
func Examine(r io.Reader, visit func(Row)) (index uint64, counts Counts, err error) {
	t := newTables()
	t.batch = 1                          // any but 0: rows are put into nodes of this batch
	in := bufio.NewReaderSize(r, 64<<10) // the very one that readRecords reads from, being large enough for it
	index, err = t.readRecords(in, func(k recordKind, body []byte) {
		if visit != nil {
			visit(Row{Kind: RowKind(k), Bytes: 1 + 4 + len(body), body: body})
		}
	})
	if err == nil {
		err = atEnd(in)
	}
	if err != nil {
		return 0, Counts{}, fmt.Errorf("examine catalog: %w", err)
	}
	return index, (&Snapshot{tables: t}).Counts(), nil
}

// atEnd reports anything that follows, or why that cannot be told.
func atEnd(in *bufio.Reader) error {
	switch _, err := in.Peek(1); err {
	case io.EOF:
		return nil
	case nil:
		return errors.New("end: more data follows")
	default:
		return fmt.Errorf("end: %w", err)
	}
}
