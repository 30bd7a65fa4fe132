package httpapi

import (
	"net/http"
	"net/http/pprof"
	"net/netip"
	"slices"

	"muster/catalog"
)

// maxProfileSeconds is how long a profile may take.
const maxProfileSeconds = 600

// debugRoutes are the profiles of the process. Without enable_debug there are none.
func (s *Server) debugRoutes() []route {
	if !s.cfg.EnableDebug {
		return nil
	}
	return []route{
		{template: "/debug/pprof/{profile}", place: ofAgent, methods: map[string]handler{http.MethodGet: s.profile, http.MethodPost: s.profile}},
	}
}

// profiles are those that take time, and how they are taken; all others are looked up by name.
var profiles = map[string]http.HandlerFunc{
	"":        pprof.Index,
	"cmdline": pprof.Cmdline,
	"profile": pprof.Profile,
	"symbol":  pprof.Symbol,
	"trace":   pprof.Trace,
}

// namedProfiles are what the runtime keeps. Others that a library may add are not shown.
var namedProfiles = []string{"allocs", "block", "goroutine", "heap", "mutex", "threadcreate"}

// profile serves one, to processes of this machine alone: it shows addresses and
// what stands in memory, and takes its time from everybody else.
func (s *Server) profile(r *request) (answer, error) {
	if !overUnixSocket(r.Request) && !fromLoopback(r.RemoteAddr) {
		return answer{}, catalog.Errorf(catalog.Denied, "profiles are given to processes on the agent's own machine alone")
	}
	name := r.args["profile"]
	take, ok := profiles[name]
	if !ok {
		if !slices.Contains(namedProfiles, name) {
			return answer{}, catalog.Errorf(catalog.NotFound, "no profile %.40q", name)
		}
		take = pprof.Handler(name).ServeHTTP
	}
	seconds, err := r.uint("seconds")
	if err != nil {
		return answer{}, err
	}
	if seconds > maxProfileSeconds {
		return answer{}, catalog.Errorf(catalog.Invalid, "seconds: %d is more than %d", seconds, maxProfileSeconds)
	}
	r.wait()
	return answer{waited: true, serve: take}, nil
}

// fromLoopback reports whether an address is of this machine.
func fromLoopback(address string) bool {
	from, err := netip.ParseAddrPort(address)
	return err == nil && from.Addr().Unmap().IsLoopback()
}
