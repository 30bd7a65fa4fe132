package dns

import (
	"net/netip"
	"slices"
	"time"

	"muster/catalog"
)

// preparedQuery reads what stands left of query: a name, which may have dots, or _NAME._ANY as RFC 2782 has it.
func preparedQuery(labels []string, joined string) request {
	r := request{form: formPrepared, query: joined, label: joined}
	if len(labels) == 2 && labels[0][0] == '_' && labels[1][0] == '_' {
		r.query, r.noAlias = labels[0][1:], true
	}
	return r
}

// prepared answers for a prepared query, from what it finds in this datacenter or another.
func (l *lookup) prepared(r request, qtype uint16) (a Answer) {
	name := catalog.Fold(r.query) // how the question was spelled must not show in what a template makes of it
	q := l.snap.FindPreparedQuery(name)
	if q == nil {
		return l.noQuery(r, Reason{Kind: NoPreparedQuery})
	}
	q = q.Render(name)
	l.step.query(q)
	places := &queryPlaces{lookup: l}
	got := q.Run(l.dc, places)
	there := l
	if got.Datacenter != "" {
		there, _ = l.over(got.Datacenter) // it was there before
	}
	var tally Tally
	live := there.candidates(got.Seen, there.rank(q, got, wish{
		asked: q.Service.Wants, lacking: Unwanted, status: q.Service.Status, onlyPassing: q.Service.OnlyPassing,
	}), &tally)
	switch {
	case len(live) == 0 && got.Unknown != nil:
		return failed(places.why)
	case len(live) == 0 && len(got.Seen) == 0:
		return l.noQuery(r, Reason{Kind: UnknownService, Subject: got.Service})
	case len(live) == 0 && tally.Total() == 0:
		return l.noQuery(r, Reason{Kind: NoneWanted})
	case len(live) == 0:
		return l.noQuery(r, Reason{Kind: Unhealthy, Tally: tally})
	}
	var ttl uint32
	if own, ok := q.DNSTTL(); ok {
		ttl = seconds(own)
		l.step.ttl(ttl, "DNS.TTL of the prepared query")
	} else {
		ttl = l.serviceTTL(got.Service, live)
	}
	a = there.serve(r, live, ttl, qtype)
	a.Stale = a.Stale || places.stale
	a.Personal = q.Service.Near == "_ip"
	return a
}

// noQuery is the answer when there is nothing to be answered. Names may still stand below:
// a query's name may have dots, and _ANY.query is the ancestor of RFC 2782 names.
func (l *lookup) noQuery(r request, why Reason) Answer {
	if r.ancestor() || l.snap.HasPreparedQueryBelow(r.label) {
		if why.Kind == NoPreparedQuery {
			why.Kind = EmptyNonTerminal
		}
		return l.nodata(why)
	}
	return l.nxdomain(why)
}

// rank adds to what a query wants the order it wants it in: who is nearer goes before, as if it
// had the lower priority. Nothing is known of distances between datacenters.
func (l *lookup) rank(q *catalog.PreparedQuery, got catalog.QueryAnswer, w wish) wish {
	if q.Service.Near == "" || got.Datacenter != "" {
		return w
	}
	from := l.snap.OrderFrom(q.Service.Near, catalog.QueryOrigin{Agent: l.view.Node, Client: l.client})
	if from == "" {
		return w
	}
	near := l.snap.Near(from)
	var distances []time.Duration
	distance := func(e *catalog.Entry) time.Duration {
		rtt, known := near.RTT(e.Node.Name)
		if !known {
			return 1<<63 - 1
		}
		return rtt
	}
	for i := range got.Seen {
		distances = append(distances, distance(&got.Seen[i]))
	}
	slices.Sort(distances)
	distances = slices.Compact(distances)
	w.rank = func(e *catalog.Entry) int {
		at, _ := slices.BinarySearch(distances, distance(e))
		return at
	}
	return w
}

// queryPlaces is where prepared queries look: in what a lookup knows.
type queryPlaces struct {
	*lookup
	stale bool
	why   Kind // the place asked last, of those that could not be, was not known for
}

// Entries implements catalog.QueryPlaces.
func (p *queryPlaces) Entries(dc, service string) ([]catalog.Entry, error) {
	if dc == "" {
		return p.snap.Entries(service), nil
	}
	there, view := p.over(dc)
	if there == nil {
		if view == UnknownDatacenter {
			return nil, catalog.Errorf(catalog.NotFound, "no datacenter %q", dc)
		}
		p.why = view
		return nil, catalog.Errorf(catalog.Unavailable, "datacenter %q cannot be asked", dc)
	}
	entries := there.snap.Entries(service)
	p.stale = there.stale
	return entries, nil
}

// Datacenters implements catalog.QueryPlaces.
func (p *queryPlaces) Datacenters() []string {
	if p.view.Datacenters == nil {
		return nil
	}
	p.snap.sawAbroad()
	return p.view.Datacenters()
}

// subnetAddr is the address of a client subnet option (RFC 7871 section 6); invalid if it has none.
func subnetAddr(data []byte) netip.Addr {
	if len(data) < 4 {
		return netip.Addr{}
	}
	full := make([]byte, 4)
	if data[1] == 2 { // the family: IPv6
		full = make([]byte, 16)
	}
	copy(full, data[4:])
	a, _ := netip.AddrFromSlice(full)
	return a
}
