package catalog

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// Once is a command that is applied once, however often it stands in the log:
// whoever lost the reply sends it again under the same ID and gets the outcome of
// the first time. The last [MaxRemembered] outcomes are remembered, failures too;
// of a repeated failure code and text are the same, its causes are gone.
type Once struct {
	ID      [16]byte // random, made by whoever sends the command first
	Command Command  // anything but a Once; a Batch counts as one command
}

// MaxRemembered is how many outcomes of Once are kept. Later ones push out the oldest.
const MaxRemembered = 4096

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
		return m.Result, m.Err
	}
	res, err := t.run(c.Command)
	kept := res
	if len(kept.Data) > maxRememberedData {
		kept.Data = nil
	}
	put(t, &t.memories, &memory{ID: c.ID, Index: t.index, Result: kept, Err: err})
	for t.memories.len() > MaxRemembered {
		remove(t, &t.memories, t.memories.first(memoriesByAge, nil))
	}
	return res, err
}

// onceBody is a Once on the wire.
type onceBody struct {
	ID   string // hex
	Kind kind
	Body json.RawMessage
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
	return json.Marshal(onceBody{ID: hex.EncodeToString(c.ID[:]), Kind: c.Command.kind(), Body: body})
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
	c.ID, c.Command = id, inner
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
