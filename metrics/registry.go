// Package metrics holds every time series muster exports. Each set of series
// belongs to one room of the program, exists from the start with all its label
// values, and takes its labels from fixed sets only: never a name, path or token as sent.
package metrics

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
)

// Registry owns the series of one agent. Two agents in one process have two.
type Registry struct {
	DNS       *DNS
	Recursor  *Recursor
	Checks    *Checks
	Guards    *Guards
	Catalog   *Catalog
	Raft      *Raft
	HTTP      *HTTP
	Certs     *Certs
	View      *View
	RPC       *RPC
	Gossip    *Gossip
	Observers *Observers

	reg    *prometheus.Registry
	before []func()
}

// Build says what is running; it becomes the labels of muster_build_info.
type Build struct {
	Version   string
	Revision  string
	GoVersion string
}

// New returns a registry with every series at zero.
func New(build Build) *Registry {
	reg := prometheus.NewRegistry()
	r := &Registry{
		DNS:       newDNS(reg),
		Recursor:  newRecursor(reg),
		Checks:    newChecks(reg),
		Guards:    newGuards(reg),
		Catalog:   newCatalog(reg),
		Raft:      newRaft(reg),
		HTTP:      newHTTP(reg),
		Certs:     newCerts(reg),
		View:      newView(reg),
		RPC:       newRPC(reg),
		Gossip:    newGossip(reg),
		reg:       reg,
		Observers: newObservers(reg),
	}
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "muster_build_info",
		Help: "Always 1; the labels say what is running.",
	}, []string{"version", "revision", "go_version"})
	info.WithLabelValues(build.Version, build.Revision, build.GoVersion).Set(1)
	reg.MustRegister(info, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// Handler serves the series in Prometheus' text formats.
func (r *Registry) Handler() http.Handler {
	return promhttp.HandlerFor(r.gatherer(), promhttp.HandlerOpts{Registry: r.reg})
}

// BeforeGather has f called before each reading of the series, so that figures
// which cost something to find are found only when somebody looks. Call it before the first reading.
func (r *Registry) BeforeGather(f func()) { r.before = append(r.before, f) }

// gatherer reads the series after everyone in before had his turn.
func (r *Registry) gatherer() prometheus.Gatherer {
	return prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		for _, f := range r.before {
			f()
		}
		return r.reg.Gather()
	})
}

// latencyBuckets span a cached DNS answer to a stuck disk, in seconds.
var latencyBuckets = []float64{.00001, .00005, .0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// fixed maps a value to itself if it stands in the set, else to "other".
type fixed map[string]struct{}

func newFixed(values ...string) fixed {
	f := fixed{"other": {}}
	for _, v := range values {
		f[v] = struct{}{}
	}
	return f
}

func (f fixed) of(value string) string {
	if _, ok := f[value]; ok {
		return value
	}
	return "other"
}
