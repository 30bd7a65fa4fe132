package catalog

import (
	"slices"
	"time"
)

// Session is what locks are held by: a claim to be alive that ends with the node it
// is on, with any of its checks, when it is destroyed, or when nobody renewed it in time.
type Session struct {
	ID            string // UUID, made by whoever asked for it
	Name          string `json:",omitempty"` // for people
	Node          string
	NodeChecks    []string      `json:",omitempty"` // ids of checks of the node that must not be critical
	ServiceChecks []string      `json:",omitempty"` // ids of checks of instances on the node, likewise
	LockDelay     time.Duration // how long its keys cannot be acquired after it ended; 0: they can at once
	Behavior      Behavior
	TTL           time.Duration // how long it lives at least since it was renewed; 0: for ever
	CreateIndex   uint64
	ModifyIndex   uint64
}

// Behavior is what becomes of the keys of a session that ends.
type Behavior string

const (
	// ReleaseKeys leaves them, unlocked.
	ReleaseKeys Behavior = "release"
	// DeleteKeys deletes them.
	DeleteKeys Behavior = "delete"
)

// Bounds of a session's times.
const (
	MaxLockDelay  = time.Minute
	MinSessionTTL = 10 * time.Second
	MaxSessionTTL = 24 * time.Hour
)

// Validate reports, as an Invalid error, what is wrong with a session by itself.
func (s *Session) Validate() error {
	switch {
	case s.ID == "" || hasControl(s.ID):
		return Errorf(Invalid, "session id %q is missing or has a control character", s.ID)
	case s.Node == "" || hasControl(s.Node):
		return Errorf(Invalid, "session: node name %q is missing or has a control character", s.Node)
	case s.Behavior != ReleaseKeys && s.Behavior != DeleteKeys:
		return Errorf(Invalid, "session: behavior %q is neither release nor delete", s.Behavior)
	case s.LockDelay < 0 || s.LockDelay > MaxLockDelay:
		return Errorf(Invalid, "session: lock delay %v is outside 0s..%v", s.LockDelay, MaxLockDelay)
	case s.TTL != 0 && (s.TTL < MinSessionTTL || s.TTL > MaxSessionTTL):
		return Errorf(Invalid, "session: TTL %v is neither 0 nor in %v..%v", s.TTL, MinSessionTTL, MaxSessionTTL)
	}
	return nil
}

// needs reports whether the session ends with a check of its node.
func (s *Session) needs(checkID string) bool {
	return slices.Contains(s.NodeChecks, checkID) || slices.Contains(s.ServiceChecks, checkID)
}

// Delay keeps a key that a session lost from being acquired. Time is no part of the
// state: a delay lasts until [EndDelays], which the leader applies by its clock.
type Delay struct {
	Key   string
	Delay time.Duration // to be waited from when the leader saw it, or began to lead
	Index uint64        // at which the session ended
}

// CreateSession makes a session; indexes in it are not read. It fails with NotFound when the
// node or a check is not registered and with Conflict when a check is critical.
type CreateSession struct {
	Session Session
}

// DestroySession ends a session. Ending what is not there succeeds.
type DestroySession struct {
	ID string
}

// EndDelays lets keys be acquired again, each if its delay is still the one of an index.
type EndDelays struct {
	Delays []DelayOf
}

// DelayOf names a delay.
type DelayOf struct {
	Key   []byte // bytes, because JSON strings cannot carry every key
	Index uint64
}

func (*CreateSession) kind() kind  { return kindCreateSession }
func (*DestroySession) kind() kind { return kindDestroySession }
func (*EndDelays) kind() kind      { return kindEndDelays }
