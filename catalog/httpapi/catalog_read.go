package httpapi

import (
	"slices"

	"muster/catalog"
)

func (s *Server) catalogRoutes() []route {
	return []route{
		{template: "/v1/catalog/datacenters", place: ofServers, methods: get(s.datacenters)},
		{template: "/v1/catalog/nodes", place: ofView, methods: get(s.catalogNodes)},
		{template: "/v1/catalog/services", place: ofView, methods: get(s.catalogServices)},
		{template: "/v1/catalog/service/{service}", place: ofView, methods: get(s.catalogService)},
		{template: "/v1/catalog/node/{node}", place: ofView, methods: get(s.catalogNode)},
		{template: "/v1/catalog/observers/{node}", place: ofView, methods: get(s.catalogObservers)},
		{template: "/v1/catalog/node-services/{node}", place: ofView, methods: get(s.catalogNodeServices)},
		{template: "/v1/catalog/register", place: ofView, methods: put(s.register)},
		{template: "/v1/catalog/deregister", place: ofView, methods: put(s.deregister)},
	}
}

// datacenters lists the known ones, the nearest first.
func (s *Server) datacenters(*request) (answer, error) {
	if s.deps.Datacenters == nil {
		return reply([]string{s.cfg.Datacenter}), nil
	}
	return reply(nonNil(s.deps.Datacenters())), nil
}

func (s *Server) catalogNodes(r *request) (answer, error) {
	keep, err := newFilter(r, sampleNode)
	if err != nil {
		return answer{}, err
	}
	meta, near := r.nodeMeta(), s.near(r)
	return s.read(r, func(snap *catalog.Snapshot) (found, error) {
		rows, mark := snap.Nodes()
		nodes := []*Node{}
		for _, n := range rows {
			if hasMeta(n, meta) {
				nodes = append(nodes, shapeNode(n))
			}
		}
		nodes, err := keep.only(nodes)
		sortNear(snap, near, nodes, func(n *Node) string { return n.Node })
		return found{value: nodes, mark: mark}, err
	})
}

// catalogServices maps every service to the tags of its instances. ?filter and
// ?node-meta choose among the instances.
func (s *Server) catalogServices(r *request) (answer, error) {
	keep, err := newFilter(r, sampleCatalogService)
	if err != nil {
		return answer{}, err
	}
	meta := r.nodeMeta()
	if keep == nil && meta == nil {
		return s.read(r, func(snap *catalog.Snapshot) (found, error) {
			services, mark := snap.Services()
			for name, tags := range services {
				services[name] = nonNil(tags)
			}
			return found{value: services, mark: mark}, nil
		})
	}
	return s.read(r, func(snap *catalog.Snapshot) (found, error) {
		_, nodes := snap.Nodes()
		f := found{mark: snap.InstancesMark(), also: nodes}
		rows := []*CatalogService{}
		for i := range snap.Instances {
			if n := snap.Node(i.Node); hasMeta(n, meta) {
				rows = append(rows, shapeCatalogService(n, i))
			}
		}
		rows, err := keep.only(rows)
		f.value = tagsByService(rows)
		return f, err
	})
}

// tagsByService maps each service to the tags of its instances, sorted.
func tagsByService(rows []*CatalogService) map[string][]string {
	out := map[string][]string{}
	for _, row := range rows {
		tags := append(nonNil(out[row.ServiceName]), row.ServiceTags...)
		slices.Sort(tags)
		out[row.ServiceName] = slices.Compact(tags)
	}
	return out
}

// catalogService lists the instances of a service, whatever their health.
func (s *Server) catalogService(r *request) (answer, error) {
	service, err := r.name("service")
	if err != nil {
		return answer{}, err
	}
	keep, err := newFilter(r, sampleCatalogService)
	if err != nil {
		return answer{}, err
	}
	tags, meta, near := r.query["tag"], r.nodeMeta(), s.near(r)
	return s.read(r, func(snap *catalog.Snapshot) (found, error) {
		rows := []*CatalogService{}
		for _, i := range snap.InstancesOf(service) {
			if n := snap.Node(i.Node); hasTags(i, tags) && hasMeta(n, meta) {
				rows = append(rows, shapeCatalogService(n, i))
			}
		}
		rows, err := keep.only(rows)
		sortNear(snap, near, rows, func(c *CatalogService) string { return c.Node })
		return found{value: rows, mark: snap.ServiceMark(service)}, err
	})
}

// NodeServices is a node with its instances by id.
type NodeServices struct {
	Node     *Node
	Services map[string]*NodeService
}

// catalogNode shows a node with its instances; null for an unknown one, as Consul.
func (s *Server) catalogNode(r *request) (answer, error) {
	return s.readNode(r, func(n *Node, services []*NodeService) any {
		if n == nil {
			return (*NodeServices)(nil)
		}
		out := &NodeServices{Node: n, Services: make(map[string]*NodeService, len(services))}
		for _, service := range services {
			out.Services[service.ID] = service
		}
		return out
	})
}

// NodeServiceList is a node with its instances in a list.
type NodeServiceList struct {
	Node     *Node
	Services []*NodeService
}

// catalogNodeServices shows the same as catalogNode with a list instead of a map.
func (s *Server) catalogNodeServices(r *request) (answer, error) {
	return s.readNode(r, func(n *Node, services []*NodeService) any {
		return &NodeServiceList{Node: n, Services: services}
	})
}

// readNode reads a node (nil: unknown) and those of its instances that the filter keeps.
func (s *Server) readNode(r *request, shape func(*Node, []*NodeService) any) (answer, error) {
	name, err := r.name("node")
	if err != nil {
		return answer{}, err
	}
	keep, err := newFilter(r, sampleNodeService)
	if err != nil {
		return answer{}, err
	}
	return s.read(r, func(snap *catalog.Snapshot) (found, error) {
		var node *Node
		if n := snap.Node(name); n != nil {
			node = shapeNode(n)
		}
		services, err := keep.only(each(snap.InstancesOn(name), shapeService))
		return found{value: shape(node, services), mark: snap.NodeMark(name)}, err
	})
}

// hasTags reports whether an instance carries all tags.
func hasTags(i *catalog.Instance, tags []string) bool {
	for _, tag := range tags {
		if !i.HasTag(tag) {
			return false
		}
	}
	return true
}
