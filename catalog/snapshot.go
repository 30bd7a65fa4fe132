package catalog

import "net/netip"

// Snapshot is a consistent read-only view of a State. Its methods are safe for
// concurrent use, and so are the rows they return; nobody may modify those.
type Snapshot struct {
	*tables
	// Index is the raft index the rows are at, or a little past.
	Index  uint64
	moment Moment
}

// Mark says how fresh the answer of a query is and when to ask again.
type Mark struct {
	// Index is the raft index at which the answer last changed, at least 1. It
	// never falls while the state lives, also not when rows are deleted.
	Index uint64
	// Changed is closed when the answer may have changed. It may close early, so
	// a blocking query compares Index again and goes on waiting if it has not risen.
	Changed <-chan struct{}
}

// mark returns the mark of a resource that exists, or of the first fallback that does.
func (s *Snapshot) mark(resource string, fallback ...string) Mark {
	v := s.version(resource)
	for _, f := range fallback {
		if v == nil {
			v = s.version(f)
		}
	}
	m := Mark{Index: 1, Changed: s.watch(watchResource(resource))}
	if v != nil {
		m.Index = max(m.Index, v.Index)
	}
	return m
}

// ServiceMark is the mark of everything about one service: its instances, their
// checks, their nodes and those nodes' checks.
func (s *Snapshot) ServiceMark(service string) Mark {
	return s.mark(resService(service), resServiceGone)
}

// NodeMark is the mark of everything on one node.
func (s *Snapshot) NodeMark(node string) Mark { return s.mark(resNode(node), resNodeGone) }

// Node returns a node by name, without regard to case; nil when there is none.
func (s *Snapshot) Node(name string) *Node {
	return s.node(name)
}

// NodeByID returns the node with a UUID; nil when there is none.
func (s *Snapshot) NodeByID(id string) *Node {
	if id == "" {
		return nil
	}
	return s.nodeByUUID(id)
}

// Nodes returns all nodes in the order of their names.
func (s *Snapshot) Nodes() ([]*Node, Mark) {
	return collect(s.nodes.rows(byID, nil)), s.mark(resNodes)
}

// NodesAt returns the nodes whose address is a.
func (s *Snapshot) NodesAt(a netip.Addr) []*Node {
	return collect(s.nodes.rows(nodesByAddress, nodesAt(a)))
}

// InstancesAt returns the instances whose own address is a.
func (s *Snapshot) InstancesAt(a netip.Addr) []*Instance {
	return collect(s.instances.rows(instancesByAddress, instancesAt(a)))
}

// Instance returns one instance on a node, or nil.
func (s *Snapshot) Instance(node, id string) *Instance {
	return s.instance(node, id)
}

// InstancesOn returns the instances on a node in the order of their ids.
func (s *Snapshot) InstancesOn(node string) []*Instance {
	return collect(s.instances.rows(byID, instancesOn(node)))
}

// InstancesOf returns the instances of a service in the order of node and id.
func (s *Snapshot) InstancesOf(service string) []*Instance {
	return collect(s.instances.rows(instancesByService, instancesOf(service)))
}

// Instances calls yield for every instance, in the order of node and id.
func (s *Snapshot) Instances(yield func(*Instance) bool) {
	s.instances.rows(byID, nil)(yield)
}

// HasService reports whether a service has any instance.
func (s *Snapshot) HasService(service string) bool {
	for range s.instances.rows(instancesByService, instancesOf(service)) {
		return true
	}
	return false
}

// Services returns the names of all services, each with the tags of all its
// instances, sorted. Names that differ in case only stand apart.
func (s *Snapshot) Services() (map[string][]string, Mark) {
	out := map[string][]string{}
	tags := tagSets{}
	for i := range s.Instances {
		tags.add(i)
	}
	for name, set := range tags {
		out[name] = set.sorted()
	}
	return out, s.mark(resServiceList)
}

// Check returns one check of a node or of an instance on it, or nil.
func (s *Snapshot) Check(node, id string) *Check {
	return s.check(node, id)
}

// ChecksOn returns all checks on a node, those of its instances included, in the order of their ids.
func (s *Snapshot) ChecksOn(node string) []*Check {
	return collect(s.checks.rows(byID, checksOn(node)))
}

// ChecksOfInstance returns the checks of one instance, or with an empty id those of the node itself.
func (s *Snapshot) ChecksOfInstance(node, id string) []*Check {
	return collect(s.checks.rows(checksByOwner, checksOf(node, id)))
}

// ChecksOfService returns the checks of all instances of a service.
func (s *Snapshot) ChecksOfService(service string) []*Check {
	var out []*Check
	for i := range s.instances.rows(instancesByService, instancesOf(service)) {
		out = append(out, s.ChecksOfInstance(i.Node, i.ID)...)
	}
	return out
}

// ChecksIn returns all checks that have a status; "any" returns every check.
func (s *Snapshot) ChecksIn(status Status) ([]*Check, Mark) {
	var out []*Check
	for c := range s.checks.rows(byID, nil) {
		if status == "any" || c.Status == status {
			out = append(out, c)
		}
	}
	return out, s.mark(resChecks)
}

// Entry is an instance with all that its health depends on.
type Entry struct {
	Node     *Node
	Instance *Instance
	Checks   []*Check // of the node, then of the instance
}

// Status is the worst status of the entry's checks.
func (e *Entry) Status() Status { return Worst(e.Checks) }

// Entries returns the instances of a service with their nodes and checks, in the order of node and id.
func (s *Snapshot) Entries(service string) []Entry {
	var out []Entry
	onNode := map[string][]*Check{}
	for i := range s.instances.rows(instancesByService, instancesOf(service)) {
		node, ok := onNode[i.Node]
		if !ok {
			node = s.ChecksOfInstance(i.Node, "")
			onNode[i.Node] = node
		}
		checks := make([]*Check, 0, len(node)+1)
		checks = append(checks, node...)
		for c := range s.checks.rows(checksByOwner, checksOf(i.Node, i.ID)) {
			checks = append(checks, c)
		}
		out = append(out, Entry{Node: s.Node(i.Node), Instance: i, Checks: checks})
	}
	return out
}

func collect[T any](seq func(yield func(*T) bool)) []*T {
	var out []*T
	for row := range seq {
		out = append(out, row)
	}
	return out
}
