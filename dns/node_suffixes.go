package dns

import "muster/catalog"

// nodeSuffixes tells which names have nodes below them: node names may have several
// labels. It is one worker's own. Asking the catalog takes a walk over all nodes, so after
// some walks the answers to all such questions are collected, for as long as no node changes.
type nodeSuffixes struct {
	moment  catalog.Moment  // at which it was last looked whether nodes have changed
	changed <-chan struct{} // closed when they have; nil: nothing is collected
	walks   int
	ends    map[string]struct{} // what follows a dot in the nodes' names, folded
}

// worthIt is how many walks cost more than to collect.
const worthIt = 16

// has is [catalog.Snapshot.HasNodeBelow] of a folded name.
func (n *nodeSuffixes) has(s *catalog.Snapshot, name string) bool {
	if now := s.Moment(); now != n.moment {
		n.moment = now
		select {
		case <-n.changed:
			n.changed, n.ends, n.walks = nil, nil, 0
		default:
		}
	}
	if n.changed == nil {
		if n.walks++; n.walks < worthIt {
			return s.HasNodeBelow(name)
		}
		n.collect(s)
	}
	return has(n.ends, name)
}

func (n *nodeSuffixes) collect(s *catalog.Snapshot) {
	nodes, mark := s.Nodes()
	n.changed, n.ends = mark.Changed, map[string]struct{}{}
	for _, node := range nodes {
		addEnds(n.ends, catalog.Fold(node.Name))
	}
}
