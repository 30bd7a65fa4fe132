package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"
)

// modelLocks is the part of the model that holds sessions and locks.
type modelLocks struct {
	sessions map[string]Session
	delays   map[string]uint64 // key -> index
}

func (m *model) createSession(c *CreateSession) (ok, failed bool) {
	s := c.Session
	if _, there := m.nodes[s.Node]; !there {
		return false, true
	}
	if _, there := m.sessions[s.ID]; there {
		return false, true
	}
	for _, id := range slices.Concat(s.NodeChecks, s.ServiceChecks) {
		if k, there := m.checks[s.Node][id]; !there || k.status == Critical {
			return false, true
		}
	}
	m.sessions[s.ID] = s
	return true, false
}

// settle ends the sessions whose node or checks do not bear them any more.
func (m *model) settle(index uint64) {
	for id, s := range m.sessions {
		_, alive := m.nodes[s.Node]
		for _, check := range slices.Concat(s.NodeChecks, s.ServiceChecks) {
			k, there := m.checks[s.Node][check]
			alive = alive && there && k.status != Critical
		}
		if !alive {
			m.endSession(index, id)
		}
	}
}

func (m *model) endSession(index uint64, id string) {
	s, there := m.sessions[id]
	if !there {
		return
	}
	delete(m.sessions, id)
	for key, p := range m.keys {
		if p.session != id {
			continue
		}
		if s.LockDelay > 0 {
			m.delays[key] = index
		}
		p.session, p.modify = "", index
		m.keys[key] = p
		if s.Behavior == DeleteKeys {
			delete(m.keys, key)
		}
	}
}

// lock decides about the lock of a key that is being written.
func (m *model) lock(c *SetKey, p *modelPair) (ok, failed bool) {
	_, delayed := m.delays[string(c.Key)]
	_, known := m.sessions[c.Acquire]
	switch {
	case c.Acquire != "" && !known:
		return false, true
	case c.Acquire != "" && p.session == c.Acquire:
	case c.Acquire != "" && (p.session != "" || delayed):
		return false, false
	case c.Acquire != "":
		p.session = c.Acquire
		p.locks++
	case c.Release != "" && p.session != c.Release:
		return false, false
	case c.Release != "":
		p.session = ""
	}
	return true, false
}

func (m *model) diffLocks(s *Snapshot) error {
	all, _ := s.Sessions()
	got := map[string]string{}
	for _, x := range all {
		got[x.ID] = x.Node
		if p, _ := s.Session(x.ID); p != x {
			return fmt.Errorf("session %s: %+v by its id, %+v in the list", x.ID, p, x)
		}
		if on, _ := s.SessionsOn(x.Node); !slices.Contains(on, x) {
			return fmt.Errorf("session %s is not among those of its node", x.ID)
		}
	}
	want := map[string]string{}
	for id, x := range m.sessions {
		want[id] = x.Node
	}
	if !maps.Equal(got, want) {
		return fmt.Errorf("sessions %v, want %v", got, want)
	}
	delays := map[string]uint64{}
	rows, _ := s.Delays()
	for _, d := range rows {
		delays[d.Key] = d.Index
	}
	if !maps.Equal(delays, m.delays) {
		return fmt.Errorf("delays %v, want %v", delays, m.delays)
	}
	return nil
}

var modelSessions = []string{"s1", "s2", "s3"}

// drawLock makes a command about sessions and locks.
func drawLock(t *rapid.T, node string, key []byte, at uint64) Command {
	id := rapid.SampledFrom(modelSessions).Draw(t, "session")
	switch rapid.IntRange(0, 9).Draw(t, "of locks") {
	case 0:
		return &DestroySession{ID: id}
	case 1:
		return &EndDelays{Delays: []DelayOf{{Key: key, Index: at}}}
	case 2, 3, 4:
		s := Session{ID: id, Node: node, Behavior: rapid.SampledFrom([]Behavior{ReleaseKeys, DeleteKeys}).Draw(t, "behavior")}
		s.LockDelay = time.Duration(rapid.IntRange(0, 1).Draw(t, "delay")) * time.Second
		if rapid.Bool().Draw(t, "needs") {
			s.NodeChecks = []string{rapid.SampledFrom(modelChecks).Draw(t, "check")}
		}
		return &CreateSession{Session: s}
	case 5:
		return &SetKey{Key: key, Value: []byte("free"), Release: id}
	default:
		return &SetKey{Key: key, Value: []byte("mine"), Acquire: id}
	}
}

func markSessions(s *Snapshot, out map[string]Mark) {
	_, out["sessions"] = s.Sessions()
	for _, n := range modelNodes {
		_, out["sessions on "+n] = s.SessionsOn(n)
	}
	for _, id := range modelSessions {
		_, out["session "+id] = s.Session(id)
	}
}

func answerSessions(s *Snapshot, out map[string]string) {
	all, _ := s.Sessions()
	out["sessions"] = render(all)
	for _, n := range modelNodes {
		on, _ := s.SessionsOn(n)
		out["sessions on "+n] = render(on)
	}
	for _, id := range modelSessions {
		x, _ := s.Session(id)
		out["session "+id] = strings.TrimSpace(render([]*Session{x}))
	}
}
