package httpapi

import (
	"net/http"
	"time"

	"muster/catalog"
)

// CheckStanding is a check of this agent as the agent itself knows it, which is more
// and newer than what the catalog does. muster's own; Consul has nothing like it.
type CheckStanding struct {
	CheckID     string
	Name        string
	Type        string
	ServiceID   string // empty: a check of the node
	ServiceName string
	Status      string
	Since       time.Time // of the status
	OrBefore    bool      // Since is when this agent began to know
	Age         string    // of the status, a Go duration
	Output      string
	Notes       string
	Interval    string // a Go duration; empty: has none
	// Next is when it is looked at next or, of a ttl check, expires; null: not known. NextIn is
	// the time until then, a Go duration, "0s" while it is being looked at.
	Next   *time.Time
	NextIn string
	// LastHour is how often the status changed in the last hour, as far as is remembered.
	LastHour int
}

// CheckTransition is one change of a check's status.
type CheckTransition struct {
	At     time.Time
	From   string
	To     string
	Reason string // first line of the output that came with it
}

// ShapeTransitions returns transitions in the form of the API, oldest first, never nil.
func ShapeTransitions(history []catalog.Transition) []CheckTransition {
	return each(history, func(t catalog.Transition) CheckTransition {
		return CheckTransition{At: t.At, From: string(t.From), To: string(t.To), Reason: t.Reason}
	})
}

func shapeStanding(c *catalog.Check, s *catalog.Standing, next, now time.Time) CheckStanding {
	out := CheckStanding{
		CheckID: c.ID, Name: c.Name, Type: c.Type, ServiceID: c.ServiceID, ServiceName: c.ServiceName,
		Status: string(s.Status), Since: s.Since, OrBefore: s.OrBefore, Age: forPeople(now.Sub(s.Since)),
		Output: s.Output, Notes: c.Notes, Interval: c.Interval,
	}
	if !next.IsZero() {
		out.Next, out.NextIn = &next, forPeople(next.Sub(now))
	}
	for _, t := range s.Transitions {
		if now.Sub(t.At) < time.Hour {
			out.LastHour++
		}
	}
	return out
}

// forPeople rounds a duration to what is worth reading; one below zero is 0.
func forPeople(d time.Duration) string {
	unit := time.Second
	if d < 10*time.Second {
		unit = 10 * time.Millisecond
	}
	return max(d, 0).Round(unit).String()
}

func sampleStanding() CheckStanding { return CheckStanding{Next: &time.Time{}} }

// agentStandings lists the checks of this agent in the order of their ids.
func (s *Server) agentStandings(r *request) (answer, error) {
	keep, err := newFilter(r, sampleStanding)
	if err != nil {
		return answer{}, err
	}
	all := []CheckStanding{}
	now := time.Now()
	for _, c := range s.deps.Registrations.Checks() {
		if standing, ok := s.deps.Registrations.Standing(c.ID); ok { // else it went meanwhile
			all = append(all, shapeStanding(c, &standing, s.deps.Registrations.Next(c.ID), now))
		}
	}
	checks, err := keep.only(all)
	return reply(checks), err
}

// agentCheckHistory lists the last changes of a check's status, oldest first: of a check of this agent or, with
// ?node, of one on another node, as this agent saw them that observes it.
func (s *Server) agentCheckHistory(r *request) (answer, error) {
	id, err := r.name("id")
	if err != nil {
		return answer{}, err
	}
	standing, ok := s.deps.Registrations.Standing(id)
	node := r.query.Get("node")
	switch elsewhere := node != "" && !catalog.EqualFold(node, s.cfg.Node); {
	case elsewhere:
		if standing, ok = s.deps.Registrations.Observed(node, id); !ok {
			return answer{}, failf(http.StatusNotFound, "this agent does not observe a check with id %.100q on node %.100q; /v1/catalog/observers/NODE tells who does", id, node)
		}
	case !ok:
		return answer{}, failf(http.StatusNotFound, "this agent has no check with id %.100q", id)
	}
	return reply(ShapeTransitions(standing.Transitions)), nil
}
