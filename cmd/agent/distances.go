package agent

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"muster/catalog"
	"muster/catalog/httpapi"
	"muster/consensus/gossip"
)

// coordinatesAbroad is where the servers of all datacenters are that this server has
// pinged, itself among them.
func (a *Agent) coordinatesAbroad() []httpapi.CoordinateDatacenter {
	if a.wan == nil {
		return nil
	}
	at := a.wan.Coordinates()
	var out []httpapi.CoordinateDatacenter
	members := a.wan.Members()
	slices.SortStableFunc(members, func(x, y gossip.Member) int { return cmp.Compare(x.Datacenter, y.Datacenter) })
	for _, m := range members {
		c, known := at[m.Name]
		if !known || m.Status == gossip.Left {
			continue
		}
		if len(out) == 0 || out[len(out)-1].Datacenter != m.Datacenter {
			out = append(out, httpapi.CoordinateDatacenter{Datacenter: m.Datacenter, AreaID: "wan"})
		}
		last := &out[len(out)-1]
		last.Coordinates = append(last.Coordinates, httpapi.CoordinateEntry{
			Node: strings.TrimSuffix(m.Name, "."+m.Datacenter), Coord: (*catalog.Coordinate)(&c),
		})
	}
	return out
}

// nearestDatacenters returns the names of all known datacenters: this one, then the others by
// the median of the estimated round trips to their servers, those without an estimate last, by name.
func (a *Agent) nearestDatacenters() []string {
	names := a.datacenters()
	if a.wan == nil {
		return names
	}
	if own, ok := a.wan.Coordinate(); ok {
		distances := medians((*catalog.Coordinate)(&own), a.coordinatesAbroad())
		slices.SortStableFunc(names[1:], func(x, y string) int { return cmp.Compare(distanceOf(distances, x), distanceOf(distances, y)) })
	}
	return names
}

// medians returns the median round trip from a place to the servers of each datacenter, by folded name.
func medians(from *catalog.Coordinate, to []httpapi.CoordinateDatacenter) map[string]time.Duration {
	out := map[string]time.Duration{}
	for _, dc := range to {
		var trips []time.Duration
		for _, server := range dc.Coordinates {
			trips = append(trips, from.RTT(server.Coord))
		}
		slices.Sort(trips)
		out[catalog.Fold(dc.Datacenter)] = trips[len(trips)/2]
	}
	return out
}

func distanceOf(distances map[string]time.Duration, dc string) time.Duration {
	if d, known := distances[catalog.Fold(dc)]; known {
		return d
	}
	return math.MaxInt64
}
