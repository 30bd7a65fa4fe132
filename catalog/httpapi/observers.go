package httpapi

import (
	"muster/catalog"
)

// CheckObserver is what one agent sees of a check that others than its owner observe.
type CheckObserver struct {
	Node     string
	Status   string // empty: it abstains, and Output says why
	Output   string
	Dissents bool // it does not see what decided
}

// ObservedCheck is such a check with its observers. muster's own; Consul has nothing like it.
type ObservedCheck struct {
	Node      string
	CheckID   string
	Name      string
	ServiceID string // empty: a check of the node
	Status    string // as its observers decided
	Asked     int    // how many there should be
	Observers []CheckObserver
}

// ShapeObservers returns who observes a check and what they see, in the order of their
// names; nil where nobody but its owner is to.
func ShapeObservers(snap *catalog.Snapshot, c *catalog.Check) []CheckObserver {
	if c.Definition == nil {
		return nil
	}
	return each(snap.Observations(c.Node, c.ID), func(o *catalog.Observation) CheckObserver {
		return CheckObserver{
			Node: o.Observer, Status: string(o.Status), Output: o.Output, Dissents: o.Status != "" && o.Status != c.Status,
		}
	})
}

// catalogObservers lists the checks of a node that others than its agent observe, in the order of their ids.
func (s *Server) catalogObservers(r *request) (answer, error) {
	name, err := r.name("node")
	if err != nil {
		return answer{}, err
	}
	return s.read(r, func(snap *catalog.Snapshot) (found, error) {
		checks := []ObservedCheck{}
		for _, c := range snap.ChecksOn(name) {
			if c.Definition == nil {
				continue
			}
			checks = append(checks, ObservedCheck{
				Node: c.Node, CheckID: c.ID, Name: c.Name, ServiceID: c.ServiceID, Status: string(c.Status),
				Asked: max(c.Definition.Observers, 1), Observers: ShapeObservers(snap, c),
			})
		}
		return found{value: checks, mark: snap.NodeMark(name)}, nil
	})
}
