package catalog

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// Once is a command that is applied once, however often it stands in the log:
// whoever lost the reply sends it again under the same ID and gets the outcome of
// the first time. Outcomes are remembered for [RememberedSpan], failures too; of a
// repeated failure code and text are the same, its causes are gone.
//
// Whoever sends it first also says up to which index it knew the log then. Once an outcome
// that is not older was forgotten, a Once that is not remembered may be a copy of the one with that outcome, held up on
// its way. It is then not applied, and fails as Unavailable with [ErrTooLate].
type Once struct {
	ID      [16]byte // random, made by whoever sends the command first
	Origin  uint64   // below the index at which the first copy is applied; 0, or not below it: applied however late it comes
	Command Command  // anything but a Once; a Batch counts as one command
}

// RememberedSpan is how far the raft index moves before the outcome of a Once is
// forgotten, counted from the last time that the Once came.
//
// The state has no clock, but an index that moves by D takes time: D/8000 s where a
// cluster writes as fast as it can, 8,000 entries a second, so this is 8 s at least.
// A copy of a command follows the one before it within 5.25 s: consensus/rpc gives an attempt
// up after 5 s, and pauses for a quarter of a second at most. A request that the
// network holds for longer than that, and brings after its sender gave it up, is refused by its Origin.
//
// An outcome takes 131 bytes (BenchmarkRemembered), so all are 8 MiB where nothing but
// keys is written, and 5 MiB of a snapshot; see also maxRememberedBytes.
const RememberedSpan = 1 << 16

// maxRememberedBytes bounds what outcomes are charged with, which is no less than they
// take: of transactions with results 16,000 fit. The oldest are forgotten first.
const maxRememberedBytes = 64 << 20

// maxForgotten bounds how many outcomes that are out of their span one Once removes,
// which come together when other commands were all that was written for a while.
const maxForgotten = 8

// maxRememberedData is the largest Data of a Result that is kept with it. A repetition of one with more has none.
const maxRememberedData = 4 << 10

// memory is the outcome of a Once.
type memory struct {
	ID     [16]byte
	Index  uint64 // at which it was applied
	Result Result
	Err    error // of the command, an *Error or nil
}

func (c *Once) apply(t *tx) (Result, error) {
	switch c.Command.(type) {
	case nil:
		return Result{}, Errorf(Invalid, "a once holds no command")
	case *Once:
		return Result{}, Errorf(Invalid, "a once holds a once")
	}
	if m := t.memory(c.ID); m != nil {
		again := *m
		again.Index = t.index // another copy may follow this one as late as this one came
		put(t, &t.memories, &again)
		return m.Result, m.Err
	}
	if v := t.version(resOnceFloor); c.Origin > 0 && v != nil && c.Origin < v.Index {
		return Result{}, Errorf(Unavailable, "%w", ErrTooLate)
	}
	res, err := t.run(c.Command)
	kept := res
	if len(kept.Data) > maxRememberedData {
		kept.Data = nil
	}
	m := &memory{ID: c.ID, Index: t.index, Result: kept, Err: err}
	put(t, &t.memories, m)
	t.remembered += m.charge()
	t.forgetOutcomes()
	return res, err
}

// forgetOutcomes removes the oldest. What it removes depends on the log alone.
func (t *tx) forgetOutcomes() {
	for n := 0; ; n++ {
		oldest := t.memories.first(memoriesByAge, nil)
		late := t.index-oldest.Index > RememberedSpan && n < maxForgotten
		if !late && t.remembered <= maxRememberedBytes {
			return
		}
		remove(t, &t.memories, oldest)
		put(t, &t.versions, &version{Resource: resOnceFloor, Index: oldest.Index})
		t.remembered -= oldest.charge()
	}
}

// charge is the memory that an outcome may take. It is the same after a restart, when
// the text of data may have come back in another form.
func (m *memory) charge() int {
	bytes := 256 + 64*len(m.Result.Batch)
	if len(m.Result.Data) > 0 {
		bytes += maxRememberedData
	}
	return bytes
}

// onceBody is a Once on the wire.
type onceBody struct {
	ID     string // hex
	Origin uint64 `json:",omitempty"`
	Kind   kind
	Body   json.RawMessage
}

// MarshalJSON keeps the kind of the command beside it.
func (c *Once) MarshalJSON() ([]byte, error) {
	if c.Command == nil {
		return nil, fmt.Errorf("a once holds no command")
	}
	body, err := json.Marshal(c.Command)
	if err != nil {
		return nil, err
	}
	return json.Marshal(onceBody{ID: hex.EncodeToString(c.ID[:]), Origin: c.Origin, Kind: c.Command.kind(), Body: body})
}

// UnmarshalJSON is the inverse of MarshalJSON.
func (c *Once) UnmarshalJSON(data []byte) error {
	var in onceBody
	if err := json.Unmarshal(data, &in); err != nil {
		return err
	}
	if in.Kind == kindOnce {
		return fmt.Errorf("a once holds a once")
	}
	id, err := decodeID(in.ID)
	if err != nil {
		return err
	}
	inner, err := decodeBody(in.Kind, in.Body)
	if err != nil {
		return err
	}
	c.ID, c.Origin, c.Command = id, in.Origin, inner
	return nil
}

func decodeID(text string) (id [16]byte, err error) {
	b, err := hex.DecodeString(text)
	if err == nil && len(b) != len(id) {
		err = fmt.Errorf("id has %d bytes, want %d", len(b), len(id))
	}
	if err != nil {
		return id, err
	}
	return [16]byte(b), nil
}

// memoryRecord is a memory on disk.
type memoryRecord struct {
	ID    string // hex
	Index uint64
	Whole outcomeRecord
	Batch []outcomeRecord `json:",omitempty"`
	Data  json.RawMessage `json:",omitempty"`
}

// outcomeRecord is an outcome on disk. Of an error it keeps code and text.
type outcomeRecord struct {
	OK   bool   `json:",omitempty"`
	Code Code   `json:",omitempty"` // empty: no error
	Text string `json:",omitempty"`
}

func recordOf(m *memory) any {
	r := &memoryRecord{ID: hex.EncodeToString(m.ID[:]), Index: m.Index, Whole: recordOutcome(m.Result.OK, m.Err), Data: m.Result.Data}
	for _, o := range m.Result.Batch {
		r.Batch = append(r.Batch, recordOutcome(o.OK, o.Err))
	}
	return r
}

func recordOutcome(ok bool, err error) outcomeRecord {
	r := outcomeRecord{OK: ok}
	if err != nil {
		r.Code, r.Text = CodeOf(err), err.Error()
	}
	return r
}

func (r *memoryRecord) memory() (*memory, error) {
	id, err := decodeID(r.ID)
	if err != nil {
		return nil, err
	}
	m := &memory{ID: id, Index: r.Index, Result: Result{OK: r.Whole.OK, Data: r.Data}, Err: r.Whole.err()}
	for _, o := range r.Batch {
		m.Result.Batch = append(m.Result.Batch, Outcome{OK: o.OK, Err: o.err()})
	}
	return m, nil
}

func (r outcomeRecord) err() error {
	if r.Code == "" {
		return nil
	}
	return Errorf(r.Code, "%s", r.Text)
}
