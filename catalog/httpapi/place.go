package httpapi

import (
	"context"
	"net/http"
	"strconv"

	"muster/catalog"
)

// place says which agents can serve a route.
type place int

const (
	// ofAgent speaks of the agent that was asked. ?dc means nothing to it, as with Consul.
	ofAgent place = iota
	// ofView is nodes, services and checks, which every agent holds, client agents
	// as a view that lags behind. Changes are commands, which any agent makes.
	ofView
	// ofServers is what servers alone hold. Changes are commands, which any agent makes.
	ofServers
	// byServer is done by a server, reads and writes alike.
	byServer
	// byLeader is done by the server that leads.
	byLeader
	// byLeaderUnlessStale is read from the leader, or with ?stale from any server.
	byLeaderUnlessStale
)

// Places are the other agents of the cluster, as handlers that serve a whole
// request there. The zero value is a server that is alone and leads.
type Places struct {
	// Elsewhere is a server of this datacenter. It is set on client agents, nil on servers.
	Elsewhere http.Handler
	// Leader tells whether this server leads, and if not, what serves a request at
	// the one that does. It may wait for one until ctx ends; nil: there is none
	// yet. A nil func: this server leads.
	Leader func(ctx context.Context) (there http.Handler, leads bool)
	// Remote is a server of another datacenter, which may be named in any case;
	// false when none is known. Unused on client agents: they leave it to a server.
	Remote func(dc string) (there http.Handler, known bool)
	// Datacenters are the names of all known datacenters, this one included, the
	// nearest first. A nil func: there is this one.
	Datacenters func() []string
	// Coordinates are where the servers of all datacenters are, in the order of datacenter
	// and node. It is called on servers alone. A nil func: nobody knows.
	Coordinates func() []CoordinateDatacenter
}

// destination is where a request is served. The values are the steps of its way:
// a request is never passed on to a step that it has behind it, so it cannot go
// round in circles, however the agents err about one another.
type destination int

const (
	here destination = iota
	anyServer
	otherDatacenter
	theLeader
)

// passedHeader carries the last step of a request that another agent passed on.
const passedHeader = "X-Muster-Passed"

// where decides where a request for a datacenter ("": this one) is served. Nothing else does.
func (s *Server) where(p place, r *request, dc string) (destination, http.Handler) {
	reads := r.reads()
	stale := reads && r.has("stale") || r.asksCached(p)
	client := s.deps.Elsewhere != nil
	switch {
	case p == ofAgent:
		return here, nil
	case client && !s.ownDatacenter(dc):
		return anyServer, s.deps.Elsewhere
	case !s.ownDatacenter(dc):
		return otherDatacenter, s.remote(dc)
	case client && (p == ofView && stale || !reads && p <= ofServers):
		return here, nil
	case client:
		return anyServer, s.deps.Elsewhere
	case p == byLeader || p == byLeaderUnlessStale && !stale:
		return s.atLeader(r.Context())
	}
	return here, nil
}

// reads reports whether a request changes nothing.
func (r *request) reads() bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// asksCached reports whether a request is a read with ?cached of what every agent
// holds; elsewhere the parameter means nothing.
func (r *request) asksCached(p place) bool { return p == ofView && r.reads() && r.has("cached") }

func (s *Server) atLeader(ctx context.Context) (destination, http.Handler) {
	if s.deps.Leader == nil {
		return here, nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.hold())
	defer cancel()
	ctx, end := s.whileOpen(ctx)
	defer end()
	there, leads := s.deps.Leader(ctx)
	if leads {
		return here, nil
	}
	return theLeader, there
}

// remote returns the handler of another datacenter, nil when it is not known.
func (s *Server) remote(dc string) http.Handler {
	if s.deps.Remote == nil {
		return nil
	}
	there, known := s.deps.Remote(dc)
	if !known {
		return nil
	}
	return there
}

// ownDatacenter reports whether a datacenter is this one; "" is.
func (s *Server) ownDatacenter(dc string) bool {
	return dc == "" || catalog.EqualFold(dc, s.cfg.Datacenter)
}

// mayPass reports why a request cannot be passed on to a destination.
func mayPass(r *request, to destination, there http.Handler) error {
	if there == nil && to == otherDatacenter {
		return errNoDatacenter
	}
	if there == nil {
		return catalog.Errorf(catalog.Unavailable, "no leader is known; try again when one is elected")
	}
	text := r.Header.Get(passedHeader)
	if text == "" {
		return nil
	}
	passed, err := strconv.Atoi(text)
	if err != nil || passed < int(anyServer) || passed > int(theLeader) {
		return catalog.Errorf(catalog.Invalid, "%s: %.20q is none of 1, 2, 3", passedHeader, text)
	}
	if to <= destination(passed) {
		return catalog.Errorf(catalog.Unavailable, "this agent was taken for another and cannot serve the request; try again")
	}
	return nil
}
