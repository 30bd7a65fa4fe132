package catalog

import "net/netip"

// The queries here also return a channel that is closed when their answer may have
// changed. It may close early and never closes late: it is closed before the
// [State.Apply] that changed the answer returns.

// WatchEntries is [Snapshot.Entries]. The channel of a service that exists moves with
// that service alone; of one that does not, when the names of services change.
func (s *Snapshot) WatchEntries(service string) ([]Entry, <-chan struct{}) {
	entries := s.Entries(service)
	if len(entries) == 0 {
		return nil, s.mark(resServiceList).Changed
	}
	return entries, s.ServiceMark(service).Changed
}

// WatchNode is [Snapshot.Node]. Its channel moves with the node's own row.
func (s *Snapshot) WatchNode(name string) (*Node, <-chan struct{}) {
	return s.Node(name), s.watch(watchNode(name))
}

// WatchNodeBelow is [Snapshot.HasNodeBelow]. Its channel moves with any node's row.
func (s *Snapshot) WatchNodeBelow(suffix string) (bool, <-chan struct{}) {
	return s.HasNodeBelow(suffix), s.mark(resNodes).Changed
}

// WatchNodesAt is [Snapshot.NodesAt].
func (s *Snapshot) WatchNodesAt(a netip.Addr) ([]*Node, <-chan struct{}) {
	return s.NodesAt(a), s.watch(watchNodesAt(a))
}

// WatchInstancesAt is [Snapshot.InstancesAt].
func (s *Snapshot) WatchInstancesAt(a netip.Addr) ([]*Instance, <-chan struct{}) {
	return s.InstancesAt(a), s.watch(watchInstancesAt(a))
}

// WatchChecksOfInstance is [Snapshot.ChecksOfInstance].
func (s *Snapshot) WatchChecksOfInstance(node, id string) ([]*Check, <-chan struct{}) {
	return s.ChecksOfInstance(node, id), s.watch(watchChecksOf(node, id))
}
