package httpapi

import (
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"

	"muster/catalog"
)

// Abroad returns what this agent holds of another datacenter's catalog. The error is
// NotFound for one it has never heard of, Unavailable while it holds nothing that is fresh enough.
type Abroad func(dc string) (*catalog.Snapshot, error)

// queryPlaces is where queries look: at home, and in what is held of other datacenters.
type queryPlaces struct {
	*Server
	home *catalog.Snapshot
}

// Entries implements catalog.QueryPlaces.
func (p queryPlaces) Entries(dc, service string) ([]catalog.Entry, error) {
	snap := p.home
	if dc != "" {
		if p.deps.Abroad == nil {
			return nil, catalog.Errorf(catalog.NotFound, "no datacenter %q", dc)
		}
		var err error
		if snap, err = p.deps.Abroad(dc); err != nil {
			return nil, err
		}
	}
	return snap.Entries(service), nil
}

// Datacenters implements catalog.QueryPlaces.
func (p queryPlaces) Datacenters() []string {
	if p.deps.Datacenters == nil {
		return nil
	}
	return p.deps.Datacenters()
}

// elsewhereThanHome passes a request for another datacenter on. The agent that is asked serves all
// others itself, so that "_agent" and "_ip" mean what they say.
func (s *Server) elsewhereThanHome(r *request) (a answer, passed bool, err error) {
	dc := r.query.Get("dc")
	if s.ownDatacenter(dc) {
		return answer{}, false, nil
	}
	return s.elsewhere(ofView, r, dc)
}

// readPrepared finds the query of the path, fills it in, and answers with what show makes of it.
func (s *Server) readPrepared(r *request, show func(*catalog.Snapshot, *catalog.PreparedQuery) (any, error)) (answer, error) {
	if a, passed, err := s.elsewhereThanHome(r); passed || err != nil {
		return a, err
	}
	name, err := r.name("id")
	if err != nil {
		return answer{}, err
	}
	delete(r.query, "index") // neither waits, as with Consul
	return s.read(r, func(snap *catalog.Snapshot) (found, error) {
		q, _ := snap.FindPreparedQuery(name)
		if q == nil {
			return found{}, errNoPreparedQuery
		}
		value, err := show(snap, q.Render(name))
		return found{value: value, mark: catalog.Mark{Index: snap.Index}}, err
	})
}

// executePreparedQuery takes ?near, for queries that name no node themselves, and ?limit.
func (s *Server) executePreparedQuery(r *request) (answer, error) {
	limit, err := r.uint("limit")
	if err != nil {
		return answer{}, err
	}
	if connect, err := r.flag("connect"); err != nil {
		return answer{}, err
	} else if connect {
		return answer{}, catalog.Errorf(catalog.Invalid, "connect: there is no service mesh")
	}
	return s.readPrepared(r, func(snap *catalog.Snapshot, q *catalog.PreparedQuery) (any, error) {
		got := q.Run(s.cfg.Datacenter, queryPlaces{s, snap})
		if got.Unknown != nil {
			return nil, got.Unknown
		}
		near := q.Service.Near
		if near == "" {
			near = r.query.Get("near")
		}
		from := snap.OrderFrom(near, catalog.QueryOrigin{Agent: s.cfg.Node, Client: r.client()})
		snap.Arrange(got.Found, from, rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())))
		if limit > 0 && limit < uint64(len(got.Found)) {
			got.Found = got.Found[:limit]
		}
		out := &QueryResult{
			Service: got.Service, Nodes: each(got.Found, shapeEntry), DNS: QueryDNS{q.TTL},
			Datacenter: got.Datacenter, Failovers: got.Failovers,
		}
		if out.Datacenter == "" {
			out.Datacenter = s.cfg.Datacenter
		}
		return out, nil
	})
}

func (s *Server) explainPreparedQuery(r *request) (answer, error) {
	return s.readPrepared(r, func(_ *catalog.Snapshot, q *catalog.PreparedQuery) (any, error) {
		return ExplainedQuery{shapePrepared(q)}, nil
	})
}

// client is the address of who asks: the first of X-Forwarded-For, or else the connection's. It
// is invalid when neither tells. Only orders may depend on it: anybody can send such a header.
func (r *request) client() netip.Addr {
	first, _, _ := strings.Cut(r.Header.Get("X-Forwarded-For"), ",")
	if a, err := netip.ParseAddr(strings.TrimSpace(first)); err == nil {
		return a.Unmap()
	}
	host, _, _ := net.SplitHostPort(r.RemoteAddr) // a unix socket has none
	a, _ := netip.ParseAddr(host)
	return a.Unmap()
}
