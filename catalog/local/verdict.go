package local

import (
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"muster/catalog"
)

// state is what is known about a check beyond its definition. Values are never
// modified, only replaced.
type state struct {
	check         *check
	row           *catalog.Check // the definition and the verdict
	seen          time.Time      // when the verdict that set the status was seen; zero: there was none yet
	since         time.Time      // when the definition was registered or read back
	criticalSince time.Time      // zero: it is not critical
	reported      bool           // there was a verdict, even if it changed nothing
	history       []catalog.Transition
}

const scriptOff = "not run: script checks registered over HTTP are switched off on this agent"

// become returns the state of a check that was (re)registered as c: the verdict
// stays if the definition did, otherwise the check starts anew. old may be nil.
func (old *state) become(c *check, mayRun bool, row catalog.Check, now time.Time) *state {
	if old != nil && reflect.DeepEqual(old.check.def, c.def) {
		row.Status, row.Output = old.row.Status, old.row.Output
		st := *old
		st.check, st.row = c, &row
		return &st
	}
	row.Status = c.def.InitialStatus()
	if !mayRun {
		row.Status, row.Output = catalog.Critical, scriptOff
	}
	st := &state{check: c, row: &row, since: now}
	if row.Status == catalog.Critical {
		st.criticalSince = now
	}
	return st
}

// verdict returns the state after a report.
func (old *state) verdict(status catalog.Status, output string, seen time.Time) *state {
	row := *old.row
	st := *old
	st.row, st.reported = &row, true
	if row.Status != status {
		st.seen, st.criticalSince = seen, time.Time{}
		st.history = catalog.Remember(old.history, seen, row.Status, status, output)
		if status == catalog.Critical {
			st.criticalSince = seen
		}
	}
	row.Status, row.Output = status, output
	return &st
}

// Report records a verdict on a check that was seen at the given time. Output
// beyond the definition's limit is cut. An id that is not registered is NotFound,
// a check that is not probed (maintenance) or an unknown status is Invalid.
func (s *Store) Report(checkID string, status catalog.Status, output string, seen time.Time) error {
	if !status.Valid() {
		return catalog.Errorf(catalog.Invalid, "check %q: status %q is none of passing, warning, critical", checkID, status)
	}
	s.mu.Lock()
	old := s.states[checkID]
	if old == nil {
		s.mu.Unlock()
		return unknownCheck(checkID)
	}
	if old.check.def.Kind() == catalog.KindNone {
		s.mu.Unlock()
		return catalog.Errorf(catalog.Invalid, "check %q is not probed, so it takes no verdict", checkID)
	}
	st := old.verdict(status, capOutput(output, old.check.def.OutputMaxSize), seen)
	s.states[checkID] = st
	s.mu.Unlock()

	turned := st.row.Status != old.row.Status
	if turned || st.row.Output != old.row.Output || !old.reported {
		s.changed.fire()
	}
	switch {
	case turned && old.fails(status, seen):
		s.urgent.fire()
	case turned || s.cfg.UpdateInterval == 0 && st.row.Output != old.row.Output:
		s.news.fire()
	}
	return nil
}

// fails reports whether a verdict is bad news of a check that does not flap.
func (old *state) fails(status catalog.Status, seen time.Time) bool {
	const before = 2 // the last turn may have been its start
	calm := len(old.history) < before || seen.Sub(old.history[len(old.history)-before].At) >= restless
	return calm && worse(status, old.row.Status)
}

// capOutput cuts output to limit bytes (0 or too much: catalog.MaxCheckOutput)
// without splitting a character, and makes it valid UTF-8, which JSON needs.
func capOutput(output string, limit int) string {
	if limit <= 0 || limit > catalog.MaxCheckOutput {
		limit = catalog.MaxCheckOutput
	}
	// A bad byte becomes three, and only what is kept is worth mending.
	if len(output) > limit+utf8.UTFMax {
		output = output[:limit+utf8.UTFMax]
	}
	output = strings.ToValidUTF8(output, "\uFFFD")
	if len(output) <= limit {
		return output
	}
	for limit > 0 && !utf8.RuneStart(output[limit]) {
		limit--
	}
	return output[:limit]
}

// Clients of Consul tell these two by how they begin.

func unknownCheck(id string) error {
	return catalog.Errorf(catalog.NotFound, "Unknown check ID %q: this agent has none by that id; a check's name is not its id", id)
}

func unknownService(id string) error {
	return catalog.Errorf(catalog.NotFound, "Unknown service ID %q: this agent has none by that id; a service's name is not its id", id)
}
