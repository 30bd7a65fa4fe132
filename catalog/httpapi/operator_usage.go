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
	ConnectServiceInstances  map[string]int // by kind, always 0: there is no mesh
	BillableServiceInstances int            // those that are no server of ours
}

// meshKinds are the kinds of instances that Consul counts apart.
var meshKinds = [...]string{"connect-native", "connect-proxy", "ingress-gateway", "mesh-gateway", "terminating-gateway"}

// usage counts this datacenter, with ?global all that are known. Of others it is what
// this server holds of them; one of which it holds nothing makes the answer an error.
func (s *Server) usage(r *request) (answer, error) {
	global, err := r.flag("global")
	if err != nil {
		return answer{}, err
	}
	return s.read(r, func(snap *catalog.Snapshot) (found, error) {
		all := map[string]DatacenterUsage{s.cfg.Datacenter: usageOf(snap)}
		if global && s.deps.Datacenters != nil {
			if err := s.usageAbroad(all); err != nil {
				return found{}, err
			}
		}
		_, nodes := snap.Nodes()
		return found{value: Usage{Usage: all}, mark: snap.InstancesMark(), also: nodes}, nil
	})
}

// usageAbroad adds the datacenters that are not there yet.
func (s *Server) usageAbroad(all map[string]DatacenterUsage) error {
	for _, dc := range s.deps.Datacenters() {
		if s.ownDatacenter(dc) {
			continue
		}
		if s.deps.Abroad == nil {
			return errNoDatacenter
		}
		snap, err := s.deps.Abroad(dc)
		if err != nil {
			return err
		}
		all[dc] = usageOf(snap)
	}
	return nil
}

func usageOf(snap *catalog.Snapshot) DatacenterUsage {
	counts := snap.Counts()
	u := DatacenterUsage{Nodes: counts.Nodes, ServiceInstances: counts.Instances, ConnectServiceInstances: map[string]int{}}
	for _, kind := range meshKinds {
		u.ConnectServiceInstances[kind] = 0
	}
	names := map[string]bool{}
	for i := range snap.Instances {
		names[catalog.Fold(i.Name)] = true
		if i.Name != catalog.ServersService {
			u.BillableServiceInstances++
		}
	}
	u.Services = len(names)
	return u
}
