package agent

import (
	"maps"
	"strconv"
	"time"

	"muster/catalog"
	"muster/catalog/observe"
	"muster/probes"
)

// buildObserver makes what looks at checks of other nodes. Its probes are apart from
// those of this agent's own checks, which they must not hold up, and go only where policy lets them.
func (a *Agent) buildObserver(cfg *Config) {
	policy := observe.Policy{Networks: cfg.ExternalProbes.AllowNetworks}
	prober := probes.New(probes.Config{
		Report: func(id string, s catalog.Status, output string, seen time.Time) error {
			if a.config().DiscardCheckOutput {
				output = ""
			}
			return a.observer.Report(id, s, output, seen)
		},
		Blind: func(id, reason string) { a.observer.Blind(id, reason) },
		Allow: policy.Allow, Snapshot: a.state.Snapshot, Node: cfg.NodeName, MaxConcurrent: externalConcurrent,
		Logger: a.logs.With("room", "external probes"), Metrics: a.metrics.Checks,
	})
	a.closers.add("external probes", func() error { prober.Close(); return nil })
	a.observer = observe.New(observe.Config{
		Node: cfg.NodeName, Prober: prober, Applier: a.forwarder, Snapshot: a.state.Snapshot,
		UpdateInterval: cfg.CheckUpdateInterval,
		Logger:         a.logs.With("room", "observer"), Metrics: a.metrics.Observers,
	})
}

// externalConcurrent is how many probes for others run at once.
const externalConcurrent = 128

// nodeMeta is the meta of this node's row: what its operator set, and whether it observes for others.
func nodeMeta(cfg *Config) map[string]string {
	if !cfg.ExternalProbes.Enabled {
		return cfg.NodeMeta
	}
	meta := maps.Clone(cfg.NodeMeta)
	if meta == nil {
		meta = map[string]string{}
	}
	meta[catalog.MetaObserves] = strconv.Itoa(cfg.ExternalProbes.MaxTargets)
	return meta
}
