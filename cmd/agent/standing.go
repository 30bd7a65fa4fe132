package agent

import (
	"fmt"

	"muster/catalog"
	"muster/dns"
)

// Standing is how the agent stands, in a line for people. It asks every part that
// answers others, and waits for their locks: what hangs in one of them keeps it from
// returning. The error is why the agent cannot go on.
func (a *Agent) Standing() (string, error) {
	select {
	case <-a.done:
		if a.failure != nil {
			return "", a.failure
		}
	default:
	}
	cfg := a.config()
	if a.dns != nil {
		q, err := dns.NewQuestion(cfg.DNS.Domain, "SOA", true)
		if err != nil {
			return "", fmt.Errorf("ask for the zone: %w", err)
		}
		_ = a.dns.Explain(q) // that it returns is what counts: the answer may well be that there is no view
	}
	role, place := "client", "no server in reach"
	if cfg.Server {
		role, place = "server", "no leader"
	}
	switch leader := a.forwarder.Leader(); {
	case a.isLeader():
		place = "leads"
	case leader != "":
		place = "follows " + leader
	}
	critical, checks := 0, a.store.Checks()
	for _, c := range checks {
		if c.Status == catalog.Critical {
			critical++
		}
	}
	return fmt.Sprintf("%s of %s, %s; index %d; %d services, %d checks (%d critical) of its own",
		role, cfg.Datacenter, place, a.state.Snapshot().Index, len(a.store.Instances()), len(checks), critical), nil
}
