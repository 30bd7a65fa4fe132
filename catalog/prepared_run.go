package catalog

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
)

// QueryPlaces is where the instances that a query wants are looked for.
type QueryPlaces interface {
	// Entries returns the instances of a service in a datacenter, "" being home. The error is NotFound when
	// no datacenter is known by that name; any other says that it cannot be told what is there.
	Entries(dc, service string) ([]Entry, error)
	// Datacenters are the names of the known datacenters, the nearest first; home may be among them.
	Datacenters() []string
}

// QueryAnswer is what a query has found.
type QueryAnswer struct {
	Datacenter string // where; "" is home
	Service    string // of which service
	Failovers  int    // how many other places were asked
	Found      []Entry
	// Seen are all instances of the place looked at last, those found among them.
	Seen []Entry
	// Unknown is why a place could not be asked, if nothing was found elsewhere: then nobody
	// can tell that there is no instance.
	Unknown error
}

// Run looks for the instances that a rendered query wants: at home, and if there is
// none, in one place after the other. It is pure; all it asks is places.
func (q *PreparedQuery) Run(home string, places QueryPlaces) QueryAnswer {
	a := QueryAnswer{Service: q.Service.Service}
	var firstSeen []Entry
	for i, target := range q.Service.targets(home, places) {
		entries, err := places.Entries(target.Datacenter, target.Service)
		if CodeOf(err) == NotFound {
			continue
		}
		if i > 0 {
			a.Failovers++
		}
		if err != nil {
			a.Unknown = err
			continue
		}
		a.Datacenter, a.Service, a.Seen = target.Datacenter, target.Service, entries
		for _, e := range entries {
			if q.Service.Wants(&e) && q.Service.Takes(q.Service.Status(&e)) {
				a.Found = append(a.Found, e)
			}
		}
		if len(a.Found) > 0 {
			a.Unknown = nil
			return a
		}
		if i == 0 {
			firstSeen = entries
		}
	}
	a.Datacenter, a.Service, a.Seen = "", q.Service.Service, firstSeen // what is at home explains best why there is nothing
	return a
}

// targets lists where to look, in order, each place once. Home comes first.
func (s *ServiceQuery) targets(home string, places QueryPlaces) []QueryTarget {
	list := []QueryTarget{{"", s.Service}}
	add := func(dc, service string) bool {
		if service == "" {
			service = s.Service
		}
		if EqualFold(dc, home) {
			dc = ""
		}
		same := func(o QueryTarget) bool { return EqualFold(o.Datacenter, dc) && EqualFold(o.Service, service) }
		if slices.ContainsFunc(list, same) {
			return false
		}
		list = append(list, QueryTarget{dc, service})
		return true
	}
	if n := s.Failover.NearestN; n > 0 {
		for _, dc := range places.Datacenters() {
			if n > 0 && add(dc, "") {
				n--
			}
		}
	}
	for _, dc := range s.Failover.Datacenters {
		if dc != "" {
			add(dc, "")
		}
	}
	for _, t := range s.Failover.Targets {
		add(t.Datacenter, t.Service)
	}
	return list
}

// Wants reports whether an instance has what the query asks for, whatever its health.
func (s *ServiceQuery) Wants(e *Entry) bool {
	for _, tag := range s.Tags {
		unwanted, not := strings.CutPrefix(tag, "!")
		if not && e.Instance.HasTag(unwanted) || !not && !e.Instance.HasTag(tag) {
			return false
		}
	}
	return hasPairs(e.Node.Meta, s.NodeMeta) && hasPairs(e.Instance.Meta, s.ServiceMeta)
}

func hasPairs(have, want map[string]string) bool {
	for key, value := range want {
		if v, ok := have[key]; !ok || v != value {
			return false
		}
	}
	return true
}

// Status is the worst status of an instance's checks, but for those that the query ignores.
func (s *ServiceQuery) Status(e *Entry) Status {
	if len(s.IgnoreCheckIDs) == 0 {
		return e.Status()
	}
	return Worst(slices.DeleteFunc(slices.Clone(e.Checks), func(c *Check) bool { return slices.Contains(s.IgnoreCheckIDs, c.ID) }))
}

// Takes reports whether instances of a status are healthy enough.
func (s *ServiceQuery) Takes(status Status) bool {
	return status == Passing || status == Warning && !s.OnlyPassing
}

// QueryOrigin is who runs a query, as far as its order depends on it.
type QueryOrigin struct {
	Agent  string     // node of the agent that is asked
	Client netip.Addr // address of who asks; invalid: not known
}

// OrderFrom returns the node whose neighbours come first, "" for none. near is a query's Near or the like.
func (s *Snapshot) OrderFrom(near string, o QueryOrigin) string {
	switch near {
	case "_agent":
		return o.Agent
	case "_ip":
		if o.Client.IsValid() {
			if at := s.NodesAt(o.Client); len(at) > 0 {
				return at[0].Name
			}
		}
		return ""
	}
	return near
}

// Arrange puts what a query found at home into a random order, or, with a node to begin
// from, by the estimated distance from that. It writes to entries.
func (s *Snapshot) Arrange(entries []Entry, from string, rng *rand.Rand) {
	rng.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
	if from != "" {
		SortNear(s, from, entries, func(e Entry) string { return e.Node.Name })
	}
}
