package catalog

import (
	"cmp"
	"strings"
)

// PreparedQueries returns all prepared queries in the order of their ids.
func (s *Snapshot) PreparedQueries() ([]*PreparedQuery, Mark) {
	return collect(s.queries.rows(byID, nil)), s.mark(resQueries)
}

// PreparedQuery returns the query with an id, or nil. The index of the mark is the query's own; its
// channel moves with any query, of which few change.
func (s *Snapshot) PreparedQuery(id string) (*PreparedQuery, Mark) {
	q, m := s.query(id), s.mark(resQueries)
	if q != nil {
		m.Index = max(q.ModifyIndex, s.versionIndex(resRestored))
	}
	return q, m
}

// FindPreparedQuery returns the query that an id or a name stands for, or nil: the one of that
// id; the one of that name; or the template with the longest prefix of it. Case does not matter.
// The channel is closed when that may have changed.
func (s *Snapshot) FindPreparedQuery(name string) (*PreparedQuery, <-chan struct{}) {
	return s.findQuery(name), s.mark(resQueries).Changed
}

// HasPreparedQuery is [Snapshot.FindPreparedQuery] without a channel.
func (s *Snapshot) HasPreparedQuery(name string) bool { return s.findQuery(name) != nil }

func (s *Snapshot) findQuery(name string) *PreparedQuery {
	if isUUID(name) {
		if q := s.query(name); q != nil && q.Template == nil { // a template is nothing without a name
			return q
		}
		return nil
	}
	if name == "" {
		return nil
	}
	if q := s.queryNamed(name, false); q != nil && q.Template == nil {
		return q
	}
	for key := name; ; {
		// Templates stand in the reverse order of their prefixes, so this is the last that does not stand behind key.
		t := s.queries.first(queriesByPrefix, templatesUpTo(key))
		if t == nil || len(t.Name) <= len(name) && EqualFold(t.Name, name[:len(t.Name)]) {
			return t
		}
		key = key[:commonPrefix(key, t.Name)] // a shorter prefix of the name is one of that, too
	}
}

func commonPrefix(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && foldOctet(a[n]) == foldOctet(b[n]) {
		n++
	}
	return n
}

// HasPreparedQueryBelow reports whether there is a query whose name ends with a dot and the suffix,
// or may be one by a template that takes dots.
func (s *Snapshot) HasPreparedQueryBelow(suffix string) bool {
	if first := s.queries.first(queriesByEnd, nil); first != nil && first.end() == "" {
		return true // any template that takes dots stands before all others
	}
	return s.queries.first(queriesByEnd, queriesEnding("."+suffix)) != nil
}

// WatchPreparedQueryBelow is [Snapshot.HasPreparedQueryBelow].
func (s *Snapshot) WatchPreparedQueryBelow(suffix string) (bool, <-chan struct{}) {
	return s.HasPreparedQueryBelow(suffix), s.mark(resQueries).Changed
}

// takesDots reports whether this is a template that looks as if it were made for names with dots.
func (q *PreparedQuery) takesDots() bool {
	return q.Template != nil && (strings.Contains(q.Name, ".") || strings.Contains(q.Template.Regexp, `\.`) || strings.Contains(q.Template.Regexp, "[.]"))
}

// end is what names below others are found by.
func (q *PreparedQuery) end() string {
	if q.takesDots() {
		return ""
	}
	return q.Name
}

// Indexes of prepared queries.
const (
	queriesByName    = 1
	queriesByPrefix  = 2 // templates, backwards
	queriesByEnd     = 3 // those with a dot, by the octets of their ends
	queriesBySession = 4
)

func layoutOfQueries() *layout[PreparedQuery] {
	byUUID := func(a, b *PreparedQuery) int { return compareFold(a.ID, b.ID) }
	return &layout[PreparedQuery]{
		indexes: []index[PreparedQuery]{
			{order: byUUID},
			{
				order: func(a, b *PreparedQuery) int { return cmp.Or(compareFold(a.Name, b.Name), byUUID(a, b)) },
				holds: func(q *PreparedQuery) bool { return q.Name != "" },
			},
			{
				order: func(a, b *PreparedQuery) int { return cmp.Or(compareFold(b.Name, a.Name), byUUID(a, b)) },
				holds: func(q *PreparedQuery) bool { return q.Template != nil },
			},
			{
				order: func(a, b *PreparedQuery) int { return cmp.Or(compareEnds(a.end(), b.end(), false), byUUID(a, b)) },
				holds: func(q *PreparedQuery) bool { return q.takesDots() || strings.Contains(q.Name, ".") },
			},
			{
				order: func(a, b *PreparedQuery) int { return cmp.Or(strings.Compare(a.Session, b.Session), byUUID(a, b)) },
				holds: func(q *PreparedQuery) bool { return q.Session != "" },
			},
		},
		watches: func(*PreparedQuery, func(watchKey)) {}, // by their resource
	}
}

// compareEnds compares two names from their ends, without regard to case. With partly, a name that ends with b is equal to it.
func compareEnds(a, b string, partly bool) int {
	for i := 1; i <= min(len(a), len(b)); i++ {
		if c := cmp.Compare(foldOctet(a[len(a)-i]), foldOctet(b[len(b)-i])); c != 0 {
			return c
		}
	}
	if partly && len(a) >= len(b) {
		return 0
	}
	return cmp.Compare(len(a), len(b))
}

func queryOf(id string) span[PreparedQuery] {
	return func(q *PreparedQuery) int { return compareFold(q.ID, id) }
}

func queriesOf(session string) span[PreparedQuery] {
	return func(q *PreparedQuery) int { return strings.Compare(q.Session, session) }
}

func queriesNamed(name string) span[PreparedQuery] {
	return func(q *PreparedQuery) int { return compareFold(q.Name, name) }
}

// templatesUpTo is the span of the templates whose prefix does not stand behind a name.
func templatesUpTo(name string) span[PreparedQuery] {
	return func(q *PreparedQuery) int {
		if compareFold(q.Name, name) > 0 {
			return -1
		}
		return 0
	}
}

func queriesEnding(suffix string) span[PreparedQuery] {
	return func(q *PreparedQuery) int { return compareEnds(q.end(), suffix, true) }
}

func (t *tables) query(id string) *PreparedQuery { return t.queries.first(byID, queryOf(id)) }

// queryNamed returns the query or template of a name, or, with no name, the template for all names if one is asked for.
func (t *tables) queryNamed(name string, template bool) *PreparedQuery {
	switch {
	case name != "":
		return t.queries.first(queriesByName, queriesNamed(name))
	case template:
		return t.queries.first(queriesByPrefix, func(q *PreparedQuery) int { return -len(q.Name) })
	}
	return nil
}
