package agent

import "muster/dns"

// answers is an agent as its DNS server's source: the catalog that raft or a view
// feeds, and how long ago that was last known to be current.
type answers Agent

// View implements dns.Source.
func (s *answers) View() dns.View {
	a := (*Agent)(s)
	return dns.View{
		Snapshot: a.state.Snapshot(), Ready: a.ready(), Age: a.age(), Remote: a.abroad.source,
		Datacenters: a.datacenters, Node: a.cfg.Load().NodeName,
	}
}
