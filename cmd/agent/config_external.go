package agent

import (
	"net/netip"

	"muster/catalog"
)

// ExternalProbes is what this agent probes on behalf of others: targets without an agent,
// and checks that ask for several observers.
type ExternalProbes struct {
	Enabled       bool
	AllowNetworks []netip.Prefix // of those that are refused otherwise; see [muster/catalog/observe.Policy]
	MaxTargets    int            // checks at once; at least 1
}

const defaultExternalTargets = 1000

type externalKeys struct { // not Consul's
	ExternalProbes struct {
		Enabled       *bool    `key:"enabled"`
		AllowNetworks []string `key:"allow_networks"`
		MaxTargets    *int     `key:"max_targets"`
	} `key:"external_probes"`
}

func (b *builder) external(k *externalKeys) {
	to, from := &b.cfg.ExternalProbes, &k.ExternalProbes
	set(&to.Enabled, from.Enabled)
	b.networks(&to.AllowNetworks, "external_probes.allow_networks", from.AllowNetworks)
	atLeast(b, &to.MaxTargets, "external_probes.max_targets", from.MaxTargets, 1)
	if _, taken := b.cfg.NodeMeta[catalog.MetaObserves]; taken {
		b.problem("node_meta."+catalog.MetaObserves, "is for this agent to set; see external_probes.enabled")
	}
}
