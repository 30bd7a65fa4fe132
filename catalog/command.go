package catalog

import (
	"encoding/json"
	"fmt"
)

// Command is one change of the shared state. Commands are the only door into
// [State]; they are encoded into raft log entries by [Encode].
type Command interface {
	kind() kind
	// apply checks first and changes afterwards: a command that fails has changed
	// nothing, so a batch may go on past it within the same transaction.
	apply(tx *tx) (Result, error)
}

// Result is what a command has to say beside its error.
type Result struct {
	// OK is false when a compare-and-set did not match. Other commands set it to true.
	OK bool
	// Batch holds the outcome of each command of a Batch, in order.
	Batch []Outcome
	// Data is what a Txn has to say, in a form of its own; see [Result.Txn].
	Data json.RawMessage
}

// Outcome is the result of one command within a Batch.
type Outcome struct {
	OK  bool
	Err error
}

// Register creates or replaces a node, and on it one instance and any number of
// checks. Rows that would not change keep their indexes.
type Register struct {
	Node Node
	// SkipNodeUpdate leaves an existing node as it is; only Node.Name is then read.
	SkipNodeUpdate bool      `json:",omitempty"`
	Instance       *Instance `json:",omitempty"` // its Node field is filled in
	Checks         []*Check  `json:",omitempty"` // their Node fields are filled in
	// Own is set by the node's own agent: the status of a check that others observe
	// too is then its verdict, one among theirs. Otherwise it counts until somebody has observed the check.
	Own bool `json:",omitempty"`
}

// Deregister removes an instance (ServiceID set) with its checks, a check
// (CheckID set), or, with neither, the node and all that is on it. Removing what is not there succeeds.
type Deregister struct {
	Node      string
	ServiceID string `json:",omitempty"`
	CheckID   string `json:",omitempty"`
}

// SetStatus records a probe's verdict. It fails with NotFound when the check is not registered.
type SetStatus struct {
	Node    string
	CheckID string
	Status  Status
	Output  string `json:",omitempty"`
}

// SetKey writes a key. With CAS set it does so only if the key's ModifyIndex is
// Index, or, with Index 0, if there is no such key. With Acquire, a session's id, it
// also locks the key, if no other session holds it and no [Delay] is on it; with
// Release it writes and unlocks it, if that session holds it. Otherwise the Result is
// not OK. Locks bind only those who acquire: any other write goes through and leaves the lock.
// To acquire for a session that does not exist is a NotFound error.
type SetKey struct {
	Key   []byte // bytes, because JSON strings cannot carry every key
	Value []byte
	Flags uint64 `json:",omitempty"`
	CAS   bool   `json:",omitempty"`
	Index uint64 `json:",omitempty"`

	Acquire string `json:",omitempty"` // at most one of CAS, Acquire and Release
	Release string `json:",omitempty"`
}

// DeleteKey removes a key, with Tree every key that begins with Key, with CAS
// only if the key's ModifyIndex is Index (0 matches nothing). Removing what is not
// there succeeds, with CAS too: a client may so repeat what it has no answer to.
type DeleteKey struct {
	Key   []byte
	Tree  bool   `json:",omitempty"`
	CAS   bool   `json:",omitempty"`
	Index uint64 `json:",omitempty"`
}

// Batch applies commands in order at one index. Each may fail by itself:
// a batch saves log entries, it is not a transaction. Batches do not nest, nor
// hold a Once; a Once may hold a batch.
type Batch struct {
	Commands []Command
}

// kind is a command's type on the wire. Values are for ever.
type kind byte

const (
	kindRegister   kind = 1
	kindDeregister kind = 2
	kindSetStatus  kind = 3
	kindSetKey     kind = 4
	kindDeleteKey  kind = 5
	kindBatch      kind = 6

	kindOnce         kind = 7
	kindSetAutopilot kind = 8
	kindSetLineage   kind = 9
	kindObserve      kind = 10

	kindCreateSession  kind = 20
	kindDestroySession kind = 21
	kindEndDelays      kind = 22
	kindTxn            kind = 23

	kindTendTurns kind = 30
	kindLiftBrake kind = 31

	kindUpdateCoordinates   kind = 50
	kindFireEvent           kind = 40
	kindSetPreparedQuery    kind = 41
	kindDeletePreparedQuery kind = 42
)

func (*Register) kind() kind   { return kindRegister }
func (*Deregister) kind() kind { return kindDeregister }
func (*SetStatus) kind() kind  { return kindSetStatus }
func (*SetKey) kind() kind     { return kindSetKey }
func (*DeleteKey) kind() kind  { return kindDeleteKey }
func (*Batch) kind() kind      { return kindBatch }

func (*Once) kind() kind         { return kindOnce }
func (*SetAutopilot) kind() kind { return kindSetAutopilot }
func (*SetLineage) kind() kind   { return kindSetLineage }
func (*Observe) kind() kind      { return kindObserve }

func newCommand(k kind) Command {
	switch k {
	case kindRegister:
		return &Register{}
	case kindDeregister:
		return &Deregister{}
	case kindSetStatus:
		return &SetStatus{}
	case kindSetKey:
		return &SetKey{}
	case kindDeleteKey:
		return &DeleteKey{}
	case kindBatch:
		return &Batch{}
	case kindOnce:
		return &Once{}
	case kindSetAutopilot:
		return &SetAutopilot{}
	case kindSetLineage:
		return &SetLineage{}
	case kindObserve:
		return &Observe{}
	case kindCreateSession:
		return &CreateSession{}
	case kindDestroySession:
		return &DestroySession{}
	case kindEndDelays:
		return &EndDelays{}
	case kindTxn:
		return &Txn{}
	case kindUpdateCoordinates:
		return &UpdateCoordinates{}
	case kindTendTurns:
		return &TendTurns{}
	case kindLiftBrake:
		return &LiftBrake{}
	case kindFireEvent:
		return &FireEvent{}
	case kindSetPreparedQuery:
		return &SetPreparedQuery{}
	case kindDeletePreparedQuery:
		return &DeletePreparedQuery{}
	}
	return nil
}

// commandVersion is the first byte of every encoded command. A replica that
// meets a newer one must stop rather than guess.
const commandVersion = 1

// Encode returns a command as it stands in the raft log: version, kind, JSON.
func Encode(c Command) ([]byte, error) {
	body, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("encode command: %w", err)
	}
	return append([]byte{commandVersion, byte(c.kind())}, body...), nil
}

// Decode is the inverse of Encode.
func Decode(data []byte) (Command, error) {
	if len(data) < 2 {
		return nil, fmt.Errorf("decode command: %d bytes are too few", len(data))
	}
	if data[0] != commandVersion {
		return nil, fmt.Errorf("decode command: version %d, this build knows %d", data[0], commandVersion)
	}
	return decodeBody(kind(data[1]), data[2:])
}

func decodeBody(k kind, body []byte) (Command, error) {
	c := newCommand(k)
	if c == nil {
		return nil, fmt.Errorf("decode command: unknown kind %d", k)
	}
	if err := json.Unmarshal(body, c); err != nil {
		return nil, fmt.Errorf("decode command of kind %d: %w", k, err)
	}
	return c, nil
}

// batchItem is a command within an encoded Batch.
type batchItem struct {
	Kind kind
	Body json.RawMessage
}

// MarshalJSON keeps the kind of each command beside it.
func (b *Batch) MarshalJSON() ([]byte, error) {
	items := make([]batchItem, len(b.Commands))
	for i, c := range b.Commands {
		body, err := json.Marshal(c)
		if err != nil {
			return nil, err
		}
		items[i] = batchItem{Kind: c.kind(), Body: body}
	}
	return json.Marshal(items)
}

// UnmarshalJSON is the inverse of MarshalJSON.
func (b *Batch) UnmarshalJSON(data []byte) error {
	var items []batchItem
	if err := json.Unmarshal(data, &items); err != nil {
		return err
	}
	b.Commands = make([]Command, len(items))
	for i, item := range items {
		if item.Kind == kindBatch || item.Kind == kindOnce {
			return fmt.Errorf("command %d of a batch is a batch or a once", i)
		}
		c, err := decodeBody(item.Kind, item.Body)
		if err != nil {
			return err
		}
		b.Commands[i] = c
	}
	return nil
}
