package bundle

import (
	"net/url"
	"strconv"
	"time"
)

// source is a file of the bundle that one request gives.
type source struct {
	capture string // that asks for it
	file    string
	path    string
	when    moment
	params  url.Values
	profile bool          // of the process: there is none without enable_debug
	longest time.Duration // of what takes time: no longer than the whole, and than this; 0: takes none
	// clean takes secrets out. Nil: there can be none.
	clean func([]byte) ([]byte, error)
}

// moment is when a source is asked.
type moment int

const (
	once   moment = iota // at the beginning
	always               // in every interval
	during               // beside all else
)

// sources are all but the log and the doctor.
var sources = []source{
	{capture: "agent", file: "agent.json", path: "/v1/agent/self", clean: cleanJSON},
	{capture: "host", file: "host.json", path: "/v1/agent/host", clean: cleanJSON},
	{capture: "members", file: "members.json", path: "/v1/agent/members", clean: cleanJSON},
	{capture: "checks", file: "checks.json", path: "/v1/agent/checks/standing", clean: cleanJSON},
	{capture: "operator", file: "raft.json", path: "/v1/operator/raft/configuration", params: url.Values{"stale": {""}}, clean: cleanJSON},
	{capture: "operator", file: "autopilot.json", path: "/v1/operator/autopilot/state", clean: cleanJSON},
	{capture: "operator", file: "autopilot-config.json", path: "/v1/operator/autopilot/configuration", params: url.Values{"stale": {""}}, clean: cleanJSON},
	{capture: "operator", file: "usage.json", path: "/v1/operator/usage", params: url.Values{"stale": {""}}, clean: cleanJSON},

	{capture: "metrics", file: "metrics.json", path: "/v1/agent/metrics", when: always},
	{capture: "metrics", file: "metrics.prom", path: "/v1/agent/metrics", when: always, params: url.Values{"format": {"prometheus"}}},
	{capture: "pprof", file: "heap.prof", path: "/debug/pprof/heap", when: always, profile: true},
	{capture: "pprof", file: "goroutine.prof", path: "/debug/pprof/goroutine", when: always, profile: true},

	{capture: "pprof", file: "profile.prof", path: "/debug/pprof/profile", when: during, profile: true, longest: 30 * time.Second},
	{capture: "pprof", file: "trace.out", path: "/debug/pprof/trace", when: during, profile: true, longest: 5 * time.Second},
}

func (s *source) query(cfg *Config) url.Values {
	if s.longest == 0 {
		return s.params
	}
	seconds := max(1, int(min(s.longest, cfg.Duration).Seconds()))
	return url.Values{"seconds": {strconv.Itoa(seconds)}}
}

// Captures are the names of what can be gathered.
func Captures() []string {
	return []string{"agent", "checks", "doctor", "host", "logs", "members", "metrics", "operator", "pprof"}
}
