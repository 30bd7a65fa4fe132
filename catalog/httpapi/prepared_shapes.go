package httpapi

import (
	"slices"

	"muster/catalog"
)

// PreparedQuery is a prepared query as Consul's clients see it, and the body to make one.
type PreparedQuery struct {
	ID          string
	Name        string
	Session     string
	Token       string // always empty: what is sent is not kept
	Template    QueryTemplate
	Service     ServiceQuery
	DNS         QueryDNS
	CreateIndex uint64
	ModifyIndex uint64
}

// QueryTemplate is all empty for a query that is no template.
type QueryTemplate struct {
	Type            string // name_prefix_match
	Regexp          string
	RemoveEmptyTags bool
}

// ServiceQuery says which instances are wanted.
type ServiceQuery struct {
	Service        string
	Near           string
	Failover       QueryFailover
	IgnoreCheckIDs []string
	OnlyPassing    bool
	Tags           []string
	NodeMeta       map[string]string
	ServiceMeta    map[string]string
	Connect        bool // always false
}

// QueryFailover says where to look when there is no healthy instance at home.
type QueryFailover struct {
	NearestN    int
	Datacenters []string
	Targets     []QueryTarget
}

// QueryTarget is where to look next.
type QueryTarget struct {
	Datacenter string
	Service    string `json:",omitempty"` // empty: the query's own
}

// QueryDNS is how DNS answers for a query.
type QueryDNS struct {
	TTL string // such as "10s"; empty: as the agent is configured
}

// QueryResult is what a query has found.
type QueryResult struct {
	Service    string
	Nodes      []*ServiceEntry
	DNS        QueryDNS
	Datacenter string // in which it was found
	Failovers  int    // how many other places were asked
}

// ExplainedQuery is a template filled in for a name, or a query as it is.
type ExplainedQuery struct{ Query *PreparedQuery }

const templateType = "name_prefix_match"

func shapePrepared(q *catalog.PreparedQuery) *PreparedQuery {
	s := &q.Service
	out := &PreparedQuery{
		ID: q.ID, Name: q.Name, Session: q.Session, DNS: QueryDNS{q.TTL}, CreateIndex: q.CreateIndex, ModifyIndex: q.ModifyIndex,
		Service: ServiceQuery{
			Service: s.Service, Near: s.Near, IgnoreCheckIDs: nonNil(s.IgnoreCheckIDs), OnlyPassing: s.OnlyPassing,
			Tags: nonNil(s.Tags), NodeMeta: nonNilMap(s.NodeMeta), ServiceMeta: nonNilMap(s.ServiceMeta),
			Failover: QueryFailover{
				NearestN: s.Failover.NearestN, Datacenters: nonNil(s.Failover.Datacenters),
				Targets: each(s.Failover.Targets, func(t catalog.QueryTarget) QueryTarget { return QueryTarget(t) }),
			},
		},
	}
	if t := q.Template; t != nil {
		out.Template = QueryTemplate{templateType, t.Regexp, t.RemoveEmptyTags}
	}
	return out
}

// preparedBody is the body that makes a query: with what clients of a mesh may ask for, so that it can be refused.
type preparedBody struct {
	ID       string
	Name     string
	Session  string
	Template *QueryTemplate
	Service  struct {
		Service, Near, SamenessGroup, Peer string
		Namespace, Partition               string
		IgnoreCheckIDs, Tags               []string
		NodeMeta, ServiceMeta              map[string]string
		OnlyPassing, Connect               bool
		Failover                           struct {
			NearestN    int
			Datacenters []string
			Targets     []targetBody
		}
	}
	DNS QueryDNS
}

type targetBody struct{ Peer, Datacenter, Service, Namespace, Partition string }

// query checks the body and makes a query of it, but for its id.
func (b *preparedBody) query(id string) (*catalog.PreparedQuery, error) {
	s, f := &b.Service, &b.Service.Failover
	elsewhere := s.SamenessGroup + s.Peer
	for _, t := range f.Targets {
		elsewhere += t.Peer
	}
	switch {
	case s.Connect:
		return nil, catalog.Errorf(catalog.Invalid, "Service.Connect: there is no service mesh")
	case elsewhere != "":
		return nil, catalog.Errorf(catalog.Invalid, "Service: there are no peers and sameness groups, only datacenters")
	}
	q := &catalog.PreparedQuery{ID: id, Name: b.Name, Session: b.Session, TTL: b.DNS.TTL, Service: catalog.ServiceQuery{
		Service: s.Service, Near: s.Near, OnlyPassing: s.OnlyPassing, IgnoreCheckIDs: s.IgnoreCheckIDs,
		Tags: s.Tags, NodeMeta: s.NodeMeta, ServiceMeta: s.ServiceMeta,
		Failover: catalog.QueryFailover{NearestN: f.NearestN, Datacenters: f.Datacenters},
	}}
	q.Service.Failover.Targets = slices.Grow(q.Service.Failover.Targets, len(f.Targets))
	for _, t := range f.Targets {
		q.Service.Failover.Targets = append(q.Service.Failover.Targets, catalog.QueryTarget{Datacenter: t.Datacenter, Service: t.Service})
	}
	if t := b.Template; t != nil && *t != (QueryTemplate{}) {
		if t.Type != templateType {
			return nil, catalog.Errorf(catalog.Invalid, "Template.Type: %.40q is not %s", t.Type, templateType)
		}
		q.Template = &catalog.QueryTemplate{Regexp: t.Regexp, RemoveEmptyTags: t.RemoveEmptyTags}
	}
	return q, q.Validate()
}
