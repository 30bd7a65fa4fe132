package gossip

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"time"
)

// Kinds of message between pools, their first byte.
const (
	kindDeparture  = 1
	kindKeyRequest = 2
	kindKeyReply   = 3
)

// maxMessage bounds a message between pools, in bytes.
const maxMessage = 4096

// departure says that a run of a member, and all before it, are over: the member
// says so itself when it leaves, others when they are told to force it out.
type departure struct {
	Name, ID string
	Run      uint64
	Prune    bool // forget it, too
}

func (m departure) encode() []byte {
	e := encoder{kindDeparture}
	e.string(m.Name)
	e.string(m.ID)
	e.number(m.Run)
	e.number(asNumber(m.Prune))
	return e
}

func decodeDeparture(d *decoder) (departure, error) {
	m := departure{Name: d.string(maxMemberName), ID: d.string(maxName), Run: d.number(math.MaxUint64), Prune: d.number(1) == 1}
	return m, d.err
}

// keyOp is what is to be done with the keys.
type keyOp byte

const (
	keyList keyOp = iota
	keyInstall
	keyUse
	keyRemove
	keyHas   // nothing is done: is the key installed?
	keySpare // nothing is done: is it one that does not encrypt?
)

// keyRequest asks a member to do something with its keys.
type keyRequest struct {
	ID   uint64 // of the request; the replies carry it
	From string // the member that asks
	Op   keyOp
	Key  []byte         // empty for keyList
	At   netip.AddrPort // where to reply to: who is asked may not have heard of From yet
}

func (m keyRequest) encode() []byte {
	e := encoder{kindKeyRequest}
	e.number(m.ID)
	e.string(m.From)
	e.byte(byte(m.Op))
	e.bytes(m.Key)
	e.address(m.At)
	return e
}

func decodeKeyRequest(d *decoder) (keyRequest, error) {
	m := keyRequest{ID: d.number(math.MaxUint64), From: d.string(maxMemberName), Op: keyOp(d.byte()), Key: d.bytes(maxKey), At: d.address()}
	if m.Op > keySpare {
		d.fail(fmt.Errorf("key operation %d is unknown", m.Op))
	}
	return m, d.err
}

// keyReply is one member's answer.
type keyReply struct {
	ID   uint64
	From string
	Err  string   // "": done
	Keys [][]byte // after it was done, the primary first

	unsent bool // not a reply: the member could not be asked
}

func (m keyReply) encode() []byte {
	e := encoder{kindKeyReply}
	e.number(m.ID)
	e.string(m.From)
	e.string(clip(m.Err, maxReason))
	e.number(uint64(len(m.Keys)))
	for _, k := range m.Keys {
		e.bytes(k)
	}
	return e
}

func decodeKeyReply(d *decoder) (keyReply, error) {
	m := keyReply{ID: d.number(math.MaxUint64), From: d.string(maxMemberName), Err: d.string(maxReason)}
	for range d.number(maxKeys) {
		m.Keys = append(m.Keys, d.bytes(maxKey))
	}
	return m, d.err
}

// maxReason bounds the error in a reply, in bytes.
const maxReason = 512

func clip(s string, limit int) string {
	for i := range s {
		if i > limit-4 {
			return s[:i]
		}
	}
	return s
}

// record is what one book tells another of a member that is gone.
type record struct {
	Name   string
	Addr   netip.AddrPort
	Meta   meta
	Left   bool
	Pruned bool          // left, and to be shown no more
	Age    time.Duration // since it went
}

const (
	recordsVersion = 1
	maxRecords     = 1024 // those that went last; a record is 1 KiB at most
	maxAge         = 10 * 365 * 24 * time.Hour
)

func encodeRecords(records []record) ([]byte, error) {
	e := encoder{recordsVersion}
	e.number(uint64(len(records)))
	for _, r := range records {
		m, err := r.Meta.encode()
		if err != nil {
			return nil, err
		}
		e.string(r.Name)
		e.address(r.Addr)
		e.bytes(m)
		e.number(asNumber(r.Left))
		e.number(asNumber(r.Pruned))
		e.number(uint64(min(max(r.Age, 0), maxAge) / time.Second))
	}
	return e, nil
}

func decodeRecords(data []byte) ([]record, error) {
	if len(data) == 0 || data[0] != recordsVersion {
		return nil, errors.New("records of another version")
	}
	d := decoder{rest: data[1:]}
	var records []record
	for range d.number(maxRecords) {
		r := record{Name: d.string(maxMemberName)}
		addr, raw := d.address(), d.bytes(512)
		r.Left, r.Pruned = d.number(1) == 1, d.number(1) == 1
		r.Age = time.Duration(d.number(uint64(maxAge/time.Second))) * time.Second
		if d.err != nil {
			return nil, d.err
		}
		m, err := decodeMeta(raw)
		if err != nil {
			return nil, err
		}
		r.Addr, r.Meta = addr, m
		records = append(records, r)
	}
	return records, d.err
}

func asNumber(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}
