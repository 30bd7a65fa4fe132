package compat

import (
	"testing"

	"github.com/hashicorp/consul/api"
)

func TestCoordinate(t *testing.T) {
	flows(t, map[string]func(*flow){"nodes, node, datacenters, update": coordinates})
}

func coordinates(f *flow) {
	node := f.key("n")
	f.register(node, f.web("web"), "", nil)
	nodes, meta, err := f.Coordinate().Nodes(nil)
	f.ok(err)
	if meta.LastIndex == 0 {
		f.Errorf("%+v", meta)
	}
	before := len(nodes)
	dcs, err := f.Coordinate().Datacenters()
	f.ok(err)
	f.is("datacenters", dcs[0].Datacenter, "dc1")
	if before > 0 {
		entry := *nodes[0]
		entry.Node = node
		_, err = f.Coordinate().Update(&entry, nil)
		f.ok(err)
		f.until("the coordinate is there", func() bool {
			list, _, err := f.Coordinate().Node(node, nil)
			return err == nil && len(list) == 1 && list[0].Coord != nil && len(list[0].Coord.Vec) == len(entry.Coord.Vec)
		})
	}
	list, _, err := f.Coordinate().Node(f.key("none"), nil)
	f.fails("unknown node", err, 404, "")
	f.is("list", list, []*api.CoordinateEntry(nil))
}
