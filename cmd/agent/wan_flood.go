package agent

import (
	"context"
	"time"

	"muster/consensus/gossip"
)

const (
	floodRetry = 10 * time.Second
	// floodRest is the least time between two looks: news of members come in bursts.
	floodRest = 250 * time.Millisecond
)

// meetAbroad has this server meet those of its own datacenter in the pool of all
// datacenters, too, until ctx ends. So it is enough that one of them joins servers
// elsewhere: whoever is in a pool knows all who are in it.
func (a *Agent) meetAbroad(ctx context.Context) {
	failing := false
	for ctx.Err() == nil {
		home, abroad := a.lan.Changed(), a.wan.Changed() // first, so that no change is missed
		var retry <-chan time.Time
		if missing := unmet(a.lan.Members(), a.wan.Members(), a.id); len(missing) > 0 {
			_, err := a.wan.Join(ctx, missing)
			if err != nil && ctx.Err() == nil && !failing {
				a.logs.Warn("servers of this datacenter cannot be met in the pool of all datacenters, trying again", "tried", missing, "err", err)
			}
			failing = err != nil
			retry = time.After(floodRetry)
		}
		rest(ctx, floodRest)
		select {
		case <-ctx.Done():
		case <-home:
		case <-abroad:
		case <-retry:
		}
	}
}

// unmet returns the addresses of those servers that are alive in the pool of this
// datacenter and have not been met in that of all.
func unmet(home, abroad []gossip.Member, self string) []string {
	met := map[string]bool{} // by node id
	for _, m := range abroad {
		// Who is leaving is about to do so at home.
		met[m.ID] = met[m.ID] || m.Status == gossip.Leaving || m.Status == gossip.Alive && !m.Remembered
	}
	var out []string
	for _, m := range home {
		if at := m.Tags[tagWAN]; at != "" && m.ID != self && m.Server && m.Status == gossip.Alive && !m.Remembered && !met[m.ID] {
			out = append(out, at)
		}
	}
	return out
}
