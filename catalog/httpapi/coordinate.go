package httpapi

import (
	"context"
	"net/url"
	"time"

	"muster/catalog"
)

// CoordinateEntry is where a node, or with the WAN's coordinates a server, is.
type CoordinateEntry struct {
	Node    string
	Segment string // always empty
	Coord   *catalog.Coordinate
}

// RTT estimates a round trip between two places of one kind. It fails if one of them is none.
func (e CoordinateEntry) RTT(o CoordinateEntry) (time.Duration, error) {
	for _, end := range []CoordinateEntry{e, o} {
		if end.Coord == nil {
			return 0, catalog.Errorf(catalog.Invalid, "node %q has no coordinate", end.Node)
		}
		if err := end.Coord.Validate(); err != nil {
			return 0, catalog.Errorf(catalog.Invalid, "node %q: %w", end.Node, err)
		}
	}
	return e.Coord.RTT(o.Coord), nil
}

// CoordinateDatacenter is where the servers of a datacenter are, among all datacenters.
type CoordinateDatacenter struct {
	Datacenter  string
	AreaID      string // always "wan"
	Coordinates []CoordinateEntry
}

func (s *Server) coordinateRoutes() []route {
	return []route{
		{template: "/v1/coordinate/nodes", place: ofView, methods: get(s.coordinateNodes)},
		{template: "/v1/coordinate/node/{node}", place: ofView, methods: get(s.coordinateNode)},
		{template: "/v1/coordinate/datacenters", place: ofServers, methods: get(s.coordinateDatacenters)},
		{template: "/v1/coordinate/update", place: ofView, methods: put(s.coordinateUpdate)},
	}
}

func shapeCoordinate(c *catalog.NodeCoordinate) CoordinateEntry {
	return CoordinateEntry{Node: c.Node, Coord: &c.Coord}
}

// coordinateNodes lists where the nodes of this datacenter are.
func (s *Server) coordinateNodes(r *request) (answer, error) {
	return s.read(r, func(snap *catalog.Snapshot) (found, error) {
		rows, mark := snap.Coordinates()
		if r.query.Get("segment") != "" { // there are no others than that without a name
			rows = nil
		}
		return found{value: each(rows, shapeCoordinate), mark: mark}, nil
	})
}

// coordinateNode is a list of one, or 404.
func (s *Server) coordinateNode(r *request) (answer, error) {
	node, err := r.name("node")
	if err != nil {
		return answer{}, err
	}
	return s.read(r, func(snap *catalog.Snapshot) (found, error) {
		row, mark := snap.Coordinate(node)
		if row == nil || r.query.Get("segment") != "" {
			return found{mark: mark, missing: true}, nil
		}
		return found{value: []CoordinateEntry{shapeCoordinate(row)}, mark: mark}, nil
	})
}

func (s *Server) coordinateDatacenters(*request) (answer, error) {
	if s.deps.Coordinates == nil {
		return reply([]CoordinateDatacenter{}), nil
	}
	return reply(nonNil(s.deps.Coordinates())), nil
}

// coordinateBody is the body of coordinate/update.
type coordinateBody struct {
	Datacenter string
	Node       string
	Segment    string
	Coord      *catalog.Coordinate
}

// coordinateUpdate says where a node is that no agent runs on. Of a node that is not
// registered nothing is kept, and nothing said, as with Consul.
func (s *Server) coordinateUpdate(r *request) (answer, error) {
	var body coordinateBody
	if err := r.decodeKnowing(&body, foreignRowKey); err != nil {
		return answer{}, err
	}
	if a, passed, err := s.elsewhereByBody(ofView, r, body.Datacenter); passed || err != nil {
		return a, err
	}
	switch {
	case body.Node == "":
		return answer{}, catalog.Errorf(catalog.Invalid, "Node: is missing")
	case body.Segment != "":
		return answer{}, catalog.Errorf(catalog.Invalid, "Segment: %.40q does not exist; there are no segments", body.Segment)
	case body.Coord == nil:
		return answer{}, catalog.Errorf(catalog.Invalid, "Coord: is missing")
	}
	if err := plain("Node", body.Node); err != nil {
		return answer{}, err
	}
	if err := body.Coord.Validate(); err != nil {
		return answer{}, err
	}
	update := catalog.NodeCoordinate{Node: body.Node, Coord: *body.Coord}
	if _, err := s.apply(r, &catalog.UpdateCoordinates{Updates: []catalog.NodeCoordinate{update}}); err != nil {
		return answer{}, err
	}
	return answer{}, nil
}

// Coordinates returns where the nodes of a datacenter are.
func (c *Client) Coordinates(ctx context.Context, q ClientQuery) ([]CoordinateEntry, error) {
	return clientGet[[]CoordinateEntry](ctx, c, "/v1/coordinate/nodes", "", q.values())
}

// CoordinateDatacenters returns where the servers of all datacenters are.
func (c *Client) CoordinateDatacenters(ctx context.Context) ([]CoordinateDatacenter, error) {
	return clientGet[[]CoordinateDatacenter](ctx, c, "/v1/coordinate/datacenters", "", url.Values{})
}
