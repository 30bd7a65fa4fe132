package httpapi

import "muster/catalog"

func (s *Server) healthRoutes() []route {
	return []route{
		{template: "/v1/health/node/{node}", place: ofView, methods: get(s.healthNode)},
		{template: "/v1/health/checks/{service}", place: ofView, methods: get(s.healthChecks)},
		{template: "/v1/health/service/{service}", place: ofView, methods: get(s.healthService)},
		{template: "/v1/health/state/{state}", place: ofView, methods: get(s.healthState)},
	}
}

// healthNode lists all checks on a node, those of its instances included.
func (s *Server) healthNode(r *request) (answer, error) {
	node, err := r.name("node")
	if err != nil {
		return answer{}, err
	}
	return s.readChecks(r, func(snap *catalog.Snapshot) ([]*catalog.Check, catalog.Mark) {
		return snap.ChecksOn(node), snap.NodeMark(node)
	})
}

// healthChecks lists the checks of a service's instances.
func (s *Server) healthChecks(r *request) (answer, error) {
	service, err := r.name("service")
	if err != nil {
		return answer{}, err
	}
	return s.readChecks(r, func(snap *catalog.Snapshot) ([]*catalog.Check, catalog.Mark) {
		return snap.ChecksOfService(service), snap.ServiceMark(service)
	})
}

// healthState lists the checks that have a status, or with "any" all of them.
func (s *Server) healthState(r *request) (answer, error) {
	state := catalog.Status(r.args["state"])
	if state != "any" && !state.Valid() {
		return answer{}, catalog.Errorf(catalog.Invalid, "state %.40q is none of any, passing, warning, critical", string(state))
	}
	return s.readChecks(r, func(snap *catalog.Snapshot) ([]*catalog.Check, catalog.Mark) {
		return snap.ChecksIn(state)
	})
}

// readChecks reads checks and applies ?filter, ?node-meta and ?near.
func (s *Server) readChecks(r *request, find func(*catalog.Snapshot) ([]*catalog.Check, catalog.Mark)) (answer, error) {
	keep, err := newFilter(r, sampleCheck)
	if err != nil {
		return answer{}, err
	}
	meta, near := r.nodeMeta(), s.near(r)
	return s.read(r, func(snap *catalog.Snapshot) (found, error) {
		rows, mark := find(snap)
		f := found{mark: mark}
		if meta != nil {
			_, f.also = snap.Nodes()
		}
		checks := []*HealthCheck{}
		for _, c := range rows {
			if meta == nil || hasMeta(snap.Node(c.Node), meta) {
				checks = append(checks, shapeCheck(c))
			}
		}
		checks, err := keep.only(checks)
		sortNear(snap, near, checks, func(c *HealthCheck) string { return c.Node })
		f.value = checks
		return f, err
	})
}

// healthService lists the instances of a service with their nodes and checks;
// ?passing leaves out those with any check, of the node or their own, that is not passing.
func (s *Server) healthService(r *request) (answer, error) {
	service, err := r.name("service")
	if err != nil {
		return answer{}, err
	}
	passing, err := r.flag("passing")
	if err != nil {
		return answer{}, err
	}
	keep, err := newFilter(r, sampleEntry)
	if err != nil {
		return answer{}, err
	}
	tags, meta, near := r.query["tag"], r.nodeMeta(), s.near(r)
	return s.read(r, func(snap *catalog.Snapshot) (found, error) {
		entries := []*ServiceEntry{}
		for _, e := range snap.Entries(service) {
			if hasTags(e.Instance, tags) && hasMeta(e.Node, meta) && (!passing || e.Status() == catalog.Passing) {
				entries = append(entries, shapeEntry(e))
			}
		}
		entries, err := keep.only(entries)
		sortNear(snap, near, entries, func(e *ServiceEntry) string { return e.Node.Node })
		return found{value: entries, mark: snap.ServiceMark(service)}, err
	})
}
