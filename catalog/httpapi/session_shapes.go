package httpapi

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"muster/catalog"
)

// Session is a session as Consul's clients see it.
type Session struct {
	ID            string
	Name          string
	Node          string
	LockDelay     time.Duration // in nanoseconds
	Behavior      string
	TTL           string // such as "30s"; empty: it lives until something ends it
	NodeChecks    []string
	ServiceChecks []ServiceCheck // null when there are none
	CreateIndex   uint64
	ModifyIndex   uint64
}

// ServiceCheck names a check of an instance on the session's node.
type ServiceCheck struct {
	ID        string
	Namespace string // always empty
}

func shapeSession(s *catalog.Session) *Session {
	out := &Session{
		ID: s.ID, Name: s.Name, Node: s.Node, LockDelay: s.LockDelay, Behavior: string(s.Behavior),
		NodeChecks: nonNil(s.NodeChecks), CreateIndex: s.CreateIndex, ModifyIndex: s.ModifyIndex,
	}
	for _, id := range s.ServiceChecks {
		out.ServiceChecks = append(out.ServiceChecks, ServiceCheck{ID: id})
	}
	switch {
	case s.TTL%time.Second != 0:
		out.TTL = s.TTL.String()
	case s.TTL != 0:
		out.TTL = strconv.FormatInt(int64(s.TTL/time.Second), 10) + "s"
	}
	return out
}

// sessionBody is the body of session/create, which may be empty.
type sessionBody struct {
	Name          string
	Node          string // empty: that of the agent
	Datacenter    string
	LockDelay     *time.Duration // nil: DefaultLockDelay
	Behavior      string         // empty: release
	TTL           string         // empty: 0
	NodeChecks    *[]string      // nil, without Checks: serfHealth
	ServiceChecks []ServiceCheck
	Checks        *[]string // what NodeChecks was called once
}

const (
	// DefaultLockDelay is the lock delay of sessions that ask for none in particular.
	DefaultLockDelay = 15 * time.Second
	// leastLockDelay: a number below it means seconds, as with Consul, not nanoseconds.
	leastLockDelay = 1000
	// maxSessionChecks bounds how many checks a session needs.
	maxSessionChecks = 64
)

// session checks the body and makes a session of it, with a fresh id.
func (b *sessionBody) session(node string) (*catalog.Session, error) {
	s := &catalog.Session{ID: uuid.NewString(), Name: b.Name, Node: b.Node, Behavior: catalog.Behavior(b.Behavior), LockDelay: DefaultLockDelay}
	if s.Node == "" {
		s.Node = node
	}
	if err := plain("Node", s.Node); err != nil {
		return nil, err
	}
	switch s.Behavior {
	case "":
		s.Behavior = catalog.ReleaseKeys
	case catalog.ReleaseKeys, catalog.DeleteKeys:
	default:
		return nil, catalog.Errorf(catalog.Invalid, "Behavior: %.40q is neither release nor delete", b.Behavior)
	}
	if b.LockDelay != nil {
		s.LockDelay = *b.LockDelay
		if s.LockDelay < leastLockDelay {
			s.LockDelay *= time.Second
		}
		if s.LockDelay < 0 || s.LockDelay > catalog.MaxLockDelay {
			return nil, catalog.Errorf(catalog.Invalid, "LockDelay: %v is outside 0s..%v", s.LockDelay, catalog.MaxLockDelay)
		}
	}
	var err error
	if s.TTL, err = b.ttl(); err != nil {
		return nil, err
	}
	return s, b.checks(s)
}

func (b *sessionBody) ttl() (time.Duration, error) {
	if b.TTL == "" {
		return 0, nil
	}
	ttl, err := time.ParseDuration(b.TTL)
	if err != nil {
		return 0, catalog.Errorf(catalog.Invalid, "TTL: %.40q is not a duration such as \"30s\"", b.TTL)
	}
	if ttl != 0 && (ttl < catalog.MinSessionTTL || ttl > catalog.MaxSessionTTL) {
		// Clients tell this one by its status and how it begins.
		return 0, failf(http.StatusInternalServerError, "Invalid Session TTL '%d', must be between [%v=%v]", ttl, catalog.MinSessionTTL, catalog.MaxSessionTTL)
	}
	return ttl, nil
}

// checks fills in which checks the session needs.
func (b *sessionBody) checks(s *catalog.Session) error {
	if b.NodeChecks == nil && b.Checks == nil {
		s.NodeChecks = []string{catalog.SerfHealth}
	}
	for _, list := range []*[]string{b.NodeChecks, b.Checks} {
		if list == nil {
			continue
		}
		for _, id := range *list {
			if id != "" && !slices.Contains(s.NodeChecks, id) {
				s.NodeChecks = append(s.NodeChecks, id)
			}
		}
	}
	for i := range b.ServiceChecks {
		if id := b.ServiceChecks[i].ID; id != "" && !slices.Contains(s.ServiceChecks, id) {
			s.ServiceChecks = append(s.ServiceChecks, id)
		}
	}
	if n := len(s.NodeChecks) + len(s.ServiceChecks); n > maxSessionChecks {
		return catalog.Errorf(catalog.Invalid, "Checks: %d of them, the limit is %d", n, maxSessionChecks)
	}
	return nil
}
