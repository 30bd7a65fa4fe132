package catalog

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// PreparedQuery is a question for instances of a service, with all its conditions, kept under a name.
type PreparedQuery struct {
	ID      string // UUID, made by whoever asked for it
	Name    string `json:",omitempty"` // of no other query, in whatever case; empty: known by its id alone
	Session string `json:",omitempty"` // with whose end it goes; empty: it stays
	// Template makes it one for every name that begins with Name. Nil: it is for Name alone.
	Template    *QueryTemplate `json:",omitempty"`
	Service     ServiceQuery
	TTL         string `json:",omitempty"` // of DNS answers, such as "10s"; empty: as the agent is configured
	CreateIndex uint64
	ModifyIndex uint64

	re *regexp.Regexp // of the template; nil: none, or one this program cannot read
}

// QueryTemplate says what of a name goes into the query.
type QueryTemplate struct {
	// Regexp (RE2) is matched against the whole name; ${match(N)} stands for its groups. Empty: there are none.
	Regexp          string `json:",omitempty"`
	RemoveEmptyTags bool   `json:",omitempty"` // tags that became empty are none
}

// ServiceQuery says which instances are wanted, and in which order. In a template all
// its texts may hold ${name.full}, ${name.prefix}, ${name.suffix}, ${match(N)} and ${agent.segment}.
type ServiceQuery struct {
	Service string
	// Near is a node to begin with, the nearest to it next. "_agent" is the node of the agent that is
	// asked, "_ip" one with the address of who asks. Empty: the order is random.
	Near           string            `json:",omitempty"`
	OnlyPassing    bool              `json:",omitempty"` // instances in warning are not wanted
	IgnoreCheckIDs []string          `json:",omitempty"` // checks that do not count
	Tags           []string          `json:",omitempty"` // that an instance must have, or with "!" before it must not have
	NodeMeta       map[string]string `json:",omitempty"` // that its node must have
	ServiceMeta    map[string]string `json:",omitempty"` // that it must have itself
	Failover       QueryFailover     `json:",omitzero"`
}

// QueryFailover says where to look when there is no healthy instance at home: first in the
// nearest datacenters, then in those listed, each once; or at the targets.
type QueryFailover struct {
	NearestN    int           `json:",omitempty"`
	Datacenters []string      `json:",omitempty"`
	Targets     []QueryTarget `json:",omitempty"` // excludes the others
}

// QueryTarget is a service in a datacenter. What is empty is as in the query, and at home.
type QueryTarget struct {
	Datacenter string `json:",omitempty"`
	Service    string `json:",omitempty"`
}

// Bounds of prepared queries.
const (
	MaxPreparedQueries = 8192
	maxQueryParts      = 64  // in any list or map
	maxQueryText       = 512 // bytes of any text
)

// SetPreparedQuery creates or, with Update, replaces a query by its id. Indexes in it are not read.
type SetPreparedQuery struct {
	Query  PreparedQuery
	Update bool `json:",omitempty"`
	// Checked says that the state of the servers took it. Followers have no sessions to look for.
	Checked bool `json:",omitempty"`
}

// DeletePreparedQuery deletes a query; it fails with NotFound when there is none.
type DeletePreparedQuery struct{ ID string }

func (*SetPreparedQuery) kind() kind    { return kindSetPreparedQuery }
func (*DeletePreparedQuery) kind() kind { return kindDeletePreparedQuery }

// Validate reports, as an Invalid error that names the field, what is wrong with a query by itself.
func (q *PreparedQuery) Validate() error {
	if err := q.check(); err != nil {
		return err
	}
	if q.Template != nil {
		if _, err := Pattern("Template.Regexp", q.Template.Regexp); err != nil {
			return err
		}
	}
	return nil
}

// check is Validate but for what may depend on the version of the program: whether the regular expression compiles.
func (q *PreparedQuery) check() error {
	s := &q.Service
	switch {
	case !isUUID(q.ID):
		return Errorf(Invalid, "ID: %.40q is not a UUID", q.ID)
	case isUUID(q.Name):
		return Errorf(Invalid, "Name: %q has the form of an id", q.Name)
	case s.Service == "":
		return Errorf(Invalid, "Service.Service: is missing")
	case s.Failover.NearestN < 0 || s.Failover.NearestN > maxQueryParts:
		return Errorf(Invalid, "Service.Failover.NearestN: %d is outside 0..%d", s.Failover.NearestN, maxQueryParts)
	case len(s.Failover.Targets) > 0 && (s.Failover.NearestN > 0 || len(s.Failover.Datacenters) > 0):
		return Errorf(Invalid, "Service.Failover.Targets: excludes NearestN and Datacenters")
	}
	if _, err := q.ttl(); err != nil {
		return err
	}
	return q.checkTexts()
}

func (q *PreparedQuery) checkTexts() error {
	s := &q.Service
	for _, list := range []struct {
		field string
		n     int
	}{
		{"Tags", len(s.Tags)}, {"IgnoreCheckIDs", len(s.IgnoreCheckIDs)}, {"NodeMeta", len(s.NodeMeta)}, {"ServiceMeta", len(s.ServiceMeta)},
		{"Failover.Datacenters", len(s.Failover.Datacenters)}, {"Failover.Targets", len(s.Failover.Targets)},
	} {
		if list.n > maxQueryParts {
			return Errorf(Invalid, "Service.%s: has %d parts, the limit is %d", list.field, list.n, maxQueryParts)
		}
	}
	texts := []string{q.Name, q.Session}
	if q.Template != nil {
		texts = append(texts, q.Template.Regexp)
	}
	for _, m := range []map[string]string{s.NodeMeta, s.ServiceMeta} {
		texts = slices.AppendSeq(texts, maps.Keys(m))
	}
	slices.Sort(texts) // of several faults the same one is told everywhere
	for _, text := range texts {
		if err := plainText(text); err != nil {
			return err
		}
	}
	return s.rewritten(func(text string) (string, error) {
		if err := plainText(text); err != nil {
			return "", err
		}
		if q.Template == nil {
			return text, nil
		}
		return interpolate(text, func(string, int) string { return "" })
	}, new(ServiceQuery))
}

func plainText(text string) error {
	switch {
	case len(text) > maxQueryText:
		return Errorf(Invalid, "%.40q... has %d bytes, the limit is %d", text, len(text), maxQueryText)
	case hasControl(text):
		return Errorf(Invalid, "%.40q has a control character", text)
	}
	return nil
}

// DNSTTL is the TTL of DNS answers; not ok when the query says nothing of it.
func (q *PreparedQuery) DNSTTL() (ttl time.Duration, ok bool) {
	ttl, err := q.ttl()
	return ttl, q.TTL != "" && err == nil
}

func (q *PreparedQuery) ttl() (time.Duration, error) {
	if q.TTL == "" {
		return 0, nil
	}
	ttl, err := time.ParseDuration(q.TTL)
	if err != nil || ttl < 0 || ttl > maxDNSTTL {
		return 0, Errorf(Invalid, "DNS.TTL: %.40q is not a TTL such as \"10s\"", q.TTL)
	}
	return ttl, nil
}

// isUUID reports whether a text has the form of a UUID, by which queries are told from names.
func isUUID(text string) bool {
	if len(text) != 36 {
		return false
	}
	for i := range len(text) {
		c := text[i]
		switch dash := i == 8 || i == 13 || i == 18 || i == 23; {
		case dash != (c == '-'):
			return false
		case !dash && !strings.ContainsRune("0123456789abcdefABCDEF", rune(c)):
			return false
		}
	}
	return true
}

func (q *PreparedQuery) compile() {
	if q.Template != nil && q.Template.Regexp != "" {
		q.re, _ = Pattern("", q.Template.Regexp) // Validate tells; of what another version let pass nothing matches
	}
}
