package metrics

import "github.com/prometheus/client_golang/prometheus"

// Catalog tells how much this agent's copy of the catalog holds and how far it has come.
type Catalog struct {
	rows  map[string]prometheus.Gauge
	index prometheus.Gauge
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
	reg.MustRegister(vec, index)
	c := &Catalog{rows: map[string]prometheus.Gauge{}, index: index}
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
