package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Catalog tells how much this agent's copy of the catalog holds and how far it has come.
type Catalog struct {
	rows   map[string]prometheus.Gauge
	index  prometheus.Gauge
	behind prometheus.Gauge
	age    prometheus.Gauge
}

func newCatalog(reg prometheus.Registerer) *Catalog {
	vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "muster_catalog_rows",
		Help: "Rows of the catalog, by table.",
	}, []string{"table"})
	index := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "muster_catalog_index",
		Help: "Raft index this agent's catalog is at.",
	})
	behind := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "muster_catalog_behind_entries",
		Help: "Raft entries by which this agent's catalog is behind the leader's, as far as it has heard: a server from the leader, a client from the server that feeds it.",
	})
	age := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "muster_catalog_behind_seconds",
		Help: "Time since this agent's catalog was last known to be the leader's; 0 on the leader.",
	})
	reg.MustRegister(vec, index, behind, age)
	c := &Catalog{rows: map[string]prometheus.Gauge{}, index: index, behind: behind, age: age}
	for _, t := range []string{"nodes", "instances", "checks", "keys"} {
		c.rows[t] = vec.WithLabelValues(t)
	}
	return c
}

// Set records the sizes of the tables and the index they are at.
func (c *Catalog) Set(nodes, instances, checks, keys int, index uint64) {
	c.rows["nodes"].Set(float64(nodes))
	c.rows["instances"].Set(float64(instances))
	c.rows["checks"].Set(float64(checks))
	c.rows["keys"].Set(float64(keys))
	c.index.Set(float64(index))
}

// Behind records how far the catalog is behind the leader's, in entries of the log, and since when at most.
func (c *Catalog) Behind(entries uint64, age time.Duration) {
	c.behind.Set(float64(entries))
	c.age.Set(age.Seconds())
}
