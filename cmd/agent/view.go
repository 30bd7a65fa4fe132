package agent

import (
	"context"
	"time"

	"muster/catalog"
	"muster/dns"
)

// view is an agent as its DNS server's source: the state that raft feeds, and how
// long ago this server last knew it to be current.
type view Agent

// View implements dns.Source.
func (v *view) View() dns.View {
	return dns.View{Snapshot: v.state.Snapshot(), Ready: v.replica.Ready(), Age: v.age()}
}

func (v *view) age() time.Duration {
	if v.replica.IsLeader() {
		return 0
	}
	fresh, err := v.replica.Read(context.Background(), catalog.Stale)
	if err != nil {
		return time.Since(time.Time{}) // nothing is known: as old as can be
	}
	return fresh.LastContact
}
