package httpapi

import "muster/catalog"

// NodeInfo is a node with all that is on it.
type NodeInfo struct {
	ID              string
	Node            string // its name
	Address         string
	Datacenter      string
	TaggedAddresses map[string]string
	Meta            map[string]string
	Locality        *catalog.Locality `json:",omitempty"`
	Services        []*NodeService
	Checks          []*HealthCheck // of the node and of all its instances
	CreateIndex     uint64         // of the node alone
	ModifyIndex     uint64
}

func sampleNodeInfo() *NodeInfo {
	return &NodeInfo{Services: []*NodeService{sampleNodeService()}, Checks: []*HealthCheck{sampleCheck()}}
}

// internalUINodes lists all nodes with all that is on them, which is the whole catalog at
// one index. Consul's UI asks it so, and so do ours and muster top.
func (s *Server) internalUINodes(r *request) (answer, error) {
	keep, err := newFilter(r, sampleNodeInfo)
	if err != nil {
		return answer{}, err
	}
	meta, near := r.nodeMeta(), s.near(r)
	return s.read(r, func(snap *catalog.Snapshot) (found, error) {
		rows, _ := snap.Nodes()
		nodes := []*NodeInfo{}
		for _, n := range rows {
			if hasMeta(n, meta) {
				nodes = append(nodes, shapeNodeInfo(snap, n))
			}
		}
		nodes, err := keep.only(nodes)
		sortNear(snap, near, nodes, func(n *NodeInfo) string { return n.Node })
		return found{value: nodes, mark: snap.RowsMark()}, err
	})
}

func shapeNodeInfo(snap *catalog.Snapshot, n *catalog.Node) *NodeInfo {
	return &NodeInfo{
		ID: n.ID, Node: n.Name, Address: n.Address, Datacenter: n.Datacenter,
		TaggedAddresses: nonNilMap(n.TaggedAddresses), Meta: nonNilMap(n.Meta), Locality: n.Locality,
		Services: each(snap.InstancesOn(n.Name), shapeService), Checks: each(snap.ChecksOn(n.Name), shapeCheck),
		CreateIndex: n.CreateIndex, ModifyIndex: n.ModifyIndex,
	}
}
