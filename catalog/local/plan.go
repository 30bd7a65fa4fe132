package local

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"muster/catalog"
)

// rows are this node's instances and checks by id: as the store wants them, or
// as the catalog has them.
type rows struct {
	instances map[string]*catalog.Instance
	checks    map[string]*catalog.Check
}

func newRows() rows {
	return rows{instances: map[string]*catalog.Instance{}, checks: map[string]*catalog.Check{}}
}

// rowsOn returns what the catalog has on a node, without what the leader owns there. A check
// that others observe too has the verdict that this node gave, not that of all.
func rowsOn(snap *catalog.Snapshot, node string) rows {
	r := newRows()
	for _, i := range snap.InstancesOn(node) {
		if i.ID != catalog.ServersService {
			r.instances[i.ID] = i
		}
	}
	for _, c := range snap.ChecksOn(node) {
		if c.ID != catalog.SerfHealth && c.ServiceID != catalog.ServersService {
			r.checks[c.ID] = snap.AsSeenBy(node, c)
		}
	}
	return r
}

// rank orders commands within a pass: who must not be asked any more comes
// first, good news last.
type rank int

const (
	rankFailure rank = iota
	rankRemoval
	rankRegistration
	rankRecovery
)

// step is one command of a plan.
type step struct {
	rank    rank
	key     string // makes the order of steps of one rank the same every time
	command catalog.Command
	writes  rows      // the rows as they will be; nil rows are removed
	turned  time.Time // for a check that turns critical: when that was seen
}

// plan is what stands between the store and the catalog.
type plan struct {
	steps []step
	// held: some outputs differ and were left alone.
	held bool
}

// demand is all that a plan is made of.
type demand struct {
	node catalog.Node
	want rows
	seen map[string]time.Time // by check id: when its status was seen
	have rows
	// doubt names rows of which the catalog's copy proves nothing, because a
	// command that wrote them is not known to be in it. They are written again.
	doubt  rows
	all    bool // doubt everything
	checks bool // doubt every check
	// outputs: also send checks of which nothing but the output changed.
	outputs bool
	// told are the tags, by service id, that the owner last wished for and the
	// catalog was told. A new wish overrides what others made of the tags meanwhile.
	told map[string][]string
	// done are rows that need no step, whatever speaks for one.
	done rows
}

// plan compares what is wanted with what there is.
func (d *demand) plan() plan {
	var p plan
	registers := d.instanceSteps()
	d.checkSteps(&p, registers)
	d.removalSteps(&p)
	for service, r := range registers {
		w := newRows()
		if r.Instance != nil {
			w.instances[r.Instance.ID] = r.Instance
		}
		rank := rankRegistration
		for _, c := range r.Checks {
			w.checks[c.ID] = c
			if have := d.have.checks[c.ID]; have != nil && worse(c.Status, have.Status) {
				rank = rankFailure // a verdict in doubt comes again as this
			}
		}
		slices.SortFunc(r.Checks, func(a, b *catalog.Check) int { return cmp.Compare(a.ID, b.ID) })
		p.steps = append(p.steps, step{rank: rank, key: service, command: r, writes: w})
	}
	p.steps = slices.DeleteFunc(p.steps, func(s step) bool { return d.done.cover(s.writes) })
	slices.SortFunc(p.steps, func(a, b step) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.key, b.key))
	})
	return p
}

// instanceSteps returns the registrations needed, by service id.
func (d *demand) instanceSteps() map[string]*catalog.Register {
	out := map[string]*catalog.Register{}
	for id, want := range d.want.instances {
		have := d.have.instances[id]
		if have != nil && want.EnableTagOverride && !d.retagged(want) {
			kept := *want
			kept.Tags = have.Tags
			want = &kept
		}
		_, doubtful := d.doubt.instances[id]
		if have == nil || doubtful || d.all || !sameInstance(want, have) {
			d.register(out, id).Instance = want
		}
	}
	return out
}

// retagged reports whether the owner of an instance changed its tags since the catalog was told.
func (d *demand) retagged(want *catalog.Instance) bool {
	told, known := d.told[want.ID]
	return known && !slices.Equal(told, want.Tags)
}

// tell returns the owners' wishes of which the catalog's copy shows that it was told.
func (d *demand) tell() map[string][]string {
	out := map[string][]string{}
	for id, want := range d.want.instances {
		have := d.have.instances[id]
		switch {
		case !d.retagged(want), have != nil && slices.Equal(have.Tags, want.Tags):
			out[id] = want.Tags
		default:
			out[id] = d.told[id]
		}
	}
	return out
}

// checkSteps adds verdicts to the plan, and checks that differ in more to the registrations.
func (d *demand) checkSteps(p *plan, registers map[string]*catalog.Register) {
	for id, want := range d.want.checks {
		have := d.have.checks[id]
		_, doubtful := d.doubt.checks[id]
		switch {
		case have == nil || doubtful || d.all || d.checks || !sameDefinition(want, have):
			r := d.register(registers, want.ServiceID)
			r.Checks = append(r.Checks, want)
			r.Own = r.Own || want.Definition != nil
		case want.Status != have.Status:
			s := d.verdict(want)
			s.rank = rankRecovery
			if worse(want.Status, have.Status) {
				s.rank = rankFailure
			}
			if want.Status == catalog.Critical {
				s.turned = d.seen[id]
			}
			p.steps = append(p.steps, s)
		case want.Output != have.Output && d.outputs:
			s := d.verdict(want)
			s.rank = rankRecovery
			p.steps = append(p.steps, s)
		case want.Output != have.Output:
			p.held = true
		}
	}
}

func (d *demand) verdict(c *catalog.Check) step {
	w := newRows()
	w.checks[c.ID] = c
	s := step{key: c.ID, writes: w, command: &catalog.SetStatus{
		Node: d.node.Name, CheckID: c.ID, Status: c.Status, Output: c.Output,
	}}
	if c.Definition != nil {
		s.command = &catalog.Observe{Node: d.node.Name, CheckID: c.ID, Observer: d.node.Name, Status: c.Status, Output: c.Output}
	}
	return s
}

// register returns the registration of a service, or with "" of the node, to add rows to.
func (d *demand) register(m map[string]*catalog.Register, service string) *catalog.Register {
	r := m[service]
	if r == nil {
		// The whole node goes along: should its row have vanished, this brings it back.
		r = &catalog.Register{Node: d.node, SkipNodeUpdate: true}
		m[service] = r
	}
	return r
}

// removalSteps removes what nobody wants. An instance takes its checks with it.
func (d *demand) removalSteps(p *plan) {
	for id := range union(d.have.instances, d.doubt.instances) {
		if d.want.instances[id] == nil {
			w := newRows()
			w.instances[id] = nil
			p.steps = append(p.steps, step{rank: rankRemoval, key: id, writes: w,
				command: &catalog.Deregister{Node: d.node.Name, ServiceID: id}})
		}
	}
	for id := range union(d.have.checks, d.doubt.checks) {
		if d.want.checks[id] != nil {
			continue
		}
		if c := d.have.checks[id]; c != nil && d.have.instances[c.ServiceID] != nil && d.want.instances[c.ServiceID] == nil {
			continue
		}
		w := newRows()
		w.checks[id] = nil
		p.steps = append(p.steps, step{rank: rankRemoval, key: id, writes: w,
			command: &catalog.Deregister{Node: d.node.Name, CheckID: id}})
	}
}

// union returns the keys of both maps.
func union[T any](a, b map[string]T) map[string]struct{} {
	out := make(map[string]struct{}, len(a)+len(b))
	for _, m := range []map[string]T{a, b} {
		for id := range maps.Keys(m) {
			out[id] = struct{}{}
		}
	}
	return out
}
