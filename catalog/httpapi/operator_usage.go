package httpapi

import "muster/catalog"

// Usage is the sizes of datacenters by their names.
type Usage struct {
	Usage map[string]DatacenterUsage
}

// DatacenterUsage is the size of one.
type DatacenterUsage struct {
	Nodes                    int
	Services                 int // names
	ServiceInstances         int
	ConnectServiceInstances  map[string]int // always empty
	BillableServiceInstances int            // those that are no server of ours
}

// usage counts this datacenter. ?global would count all, so it is refused when there are more.
func (s *Server) usage(r *request) (answer, error) {
	global, err := r.flag("global")
	if err != nil {
		return answer{}, err
	}
	if global && s.deps.Datacenters != nil && len(s.deps.Datacenters()) > 1 {
		return answer{}, catalog.Errorf(catalog.Invalid, "global: ask each datacenter by itself, with dc=NAME")
	}
	return s.read(r, func(snap *catalog.Snapshot) (found, error) {
		counts := snap.Counts()
		u := DatacenterUsage{Nodes: counts.Nodes, ServiceInstances: counts.Instances, ConnectServiceInstances: map[string]int{}}
		names := map[string]bool{}
		for i := range snap.Instances {
			names[catalog.Fold(i.Name)] = true
			if i.Name != catalog.ServersService {
				u.BillableServiceInstances++
			}
		}
		u.Services = len(names)
		_, nodes := snap.Nodes()
		return found{value: Usage{Usage: map[string]DatacenterUsage{s.cfg.Datacenter: u}}, mark: snap.InstancesMark(), also: nodes}, nil
	})
}
