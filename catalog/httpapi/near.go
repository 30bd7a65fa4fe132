package httpapi

import (
	"net/netip"
	"net/url"

	"muster/catalog"
)

// What ?near may say instead of a node's name.
const (
	nearAgent = "_agent" // the agent that was asked
	nearIP    = "_ip"    // the node at the address that the request came from
)

// near returns the node that ?near names, "" for none.
func (s *Server) near(r *request) string {
	switch near := r.query.Get("near"); near {
	case nearAgent:
		return s.cfg.Node
	case nearIP:
		from, _ := netip.ParseAddrPort(r.RemoteAddr) // unix sockets have none
		if at := s.deps.State.Snapshot().NodesAt(from.Addr()); len(at) > 0 {
			return at[0].Name
		}
		return ""
	default:
		return near
	}
}

// sortNear orders rows by their distance from the node that ?near names.
func sortNear[T any](snap *catalog.Snapshot, near string, rows []T, nodeOf func(T) string) {
	if near != "" {
		catalog.SortNear(snap, near, rows, nodeOf)
	}
}

// nearElsewhere says by name what ?near means here, in the query of a request that is
// passed on. In another datacenter this one's nodes have no distance.
func (s *Server) nearElsewhere(r *request, to destination, u *url.URL) {
	if near := r.query.Get("near"); near != nearAgent && near != nearIP {
		return
	}
	query := u.Query()
	if near := s.near(r); near == "" || to == otherDatacenter || !s.ownDatacenter(query.Get("dc")) {
		query.Del("near")
	} else {
		query.Set("near", near)
	}
	u.RawQuery = query.Encode()
}
