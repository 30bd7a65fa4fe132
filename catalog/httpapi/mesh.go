package httpapi

import "muster/catalog"

// meshRoutes are Consul's lists of who takes part in its service mesh. There is none, so
// they are empty, as those of a Consul that nothing of a mesh is registered with: programs that look there beside the
// plain lists go on. What would configure a mesh is no path of ours.
func (s *Server) meshRoutes() []route {
	return []route{
		{template: "/v1/health/connect/{service}", place: ofView, methods: get(emptyList(s, "service", sampleEntry))},
		{template: "/v1/health/ingress/{service}", place: ofView, methods: get(emptyList(s, "service", sampleEntry))},
		{template: "/v1/catalog/connect/{service}", place: ofView, methods: get(emptyList(s, "service", sampleCatalogService))},
		{template: "/v1/catalog/gateway-services/{gateway}", place: ofView, methods: get(emptyList[any](s, "gateway", nil))},
	}
}

// emptyList is a list that nothing ever gets into, with the parameters of the list that it stands beside: ?filter, too,
// where there is a sample of its rows. One who waits for a change waits the whole time.
func emptyList[T any](s *Server, param string, sample func() T) handler {
	return func(r *request) (answer, error) {
		if _, err := r.name(param); err != nil {
			return answer{}, err
		}
		if sample != nil {
			if _, err := newFilter(r, sample); err != nil {
				return answer{}, err
			}
		}
		return s.read(r, func(*catalog.Snapshot) (found, error) {
			return found{value: []struct{}{}, mark: catalog.Mark{Index: 1}}, nil
		})
	}
}
