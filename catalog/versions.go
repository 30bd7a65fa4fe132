package catalog

import "strings"

// Resources with an index and a watch channel of their own. One row of the
// versions table stands for each, so a blocking query waits on one channel however many rows its answer holds.
const (
	resNodes        = "nodes"        // any node row
	resServiceList  = "service-list" // names and tags of services
	resChecks       = "checks"       // any check row
	resNodeGone     = "gone/node"    // last removal of a node
	resServiceGone  = "gone/service" // last removal of a service's last instance
	resGraveFloor   = "gone/key"     // newest deletion whose grave was cleared away
	resOnceFloor    = "gone/once"    // newest outcome of a Once that was forgotten
	resBrakes       = "brakes"       // any brake
	resEvents       = "events"       // any event
	resEventFloor   = "gone/event"   // newest event that is not kept any more
	resQueries      = "queries"      // any prepared query
	prefixOfNode    = "node/"        // + folded name: node, its instances, its checks
	prefixOfService = "service/"     // + folded name: instances, their checks, their nodes and those nodes' checks
)

// Resources of coordinates. They move by themselves, and so wake nobody who waits for a node or a service.
const (
	resCoordinates    = "coordinates"     // any of them
	resCoordinateGone = "gone/coordinate" // last removal of one
)

func resCoordinate(node string) string { return "coordinate/" + Fold(node) + "\x00" }

// Resources of sessions. All begin alike: followers of discovery know nothing of them.
const (
	prefixOfSessions = "session"
	resSessions      = "sessions"      // any session
	resSessionGone   = "sessions-gone" // last end of a session
)

func resSession(id string) string      { return "session/" + id }
func resSessionsOn(node string) string { return "sessions-on/" + Fold(node) + "\x00" }

// ofDiscovery reports whether a resource is one that [Changes] tells of.
func ofDiscovery(resource string) bool {
	return resource != resGraveFloor && resource != resOnceFloor && !strings.HasPrefix(resource, prefixOfSessions)
}

func resNode(name string) string    { return prefixOfNode + Fold(name) + "\x00" }
func resService(name string) string { return prefixOfService + Fold(name) + "\x00" }

// touchNode records a change to something every instance of a node depends on:
// its address, its meta, its own checks.
func (t *tx) touchNode(node string) {
	t.touch(resNode(node))
	seen := map[string]bool{}
	for i := range t.instances.rows(byID, instancesOn(node)) {
		if r := resService(i.Name); !seen[r] {
			seen[r] = true
			t.touch(r)
		}
	}
}

// forget drops a resource that is gone; its index lives on in the gone row, so
// that a reader who saw the resource still sees its index rise.
func (t *tx) forget(resource, gone string) {
	if v := t.version(resource); v != nil {
		remove(t, &t.versions, v)
	}
	t.touch(gone)
}
