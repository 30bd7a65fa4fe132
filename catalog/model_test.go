package catalog

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// model is the state as plain maps, written in the most obvious way.
type model struct {
	nodes     map[string]string                // node -> address
	instances map[string]map[string]string     // node -> id -> service
	checks    map[string]map[string]modelCheck // node -> id -> check
	keys      map[string]modelPair             // key -> pair
	coords    map[string]float64               // node -> the first number of its coordinate
	modelLocks
}

type modelCheck struct {
	service string // id
	status  Status
}

type modelPair struct {
	value          string
	create, modify uint64
	session        string
	locks          uint64
}

func newModel() *model {
	return &model{map[string]string{}, map[string]map[string]string{}, map[string]map[string]modelCheck{}, map[string]modelPair{}, map[string]float64{}, modelLocks{map[string]Session{}, map[string]uint64{}}}
}

func (m *model) apply(index uint64, c Command) (ok bool, failed bool) {
	defer m.settle(index)
	switch c := c.(type) {
	case *Register:
		return m.register(index, c)
	case *Deregister:
		m.deregister(c)
	case *SetStatus:
		k, found := m.checks[c.Node][c.CheckID]
		if !found {
			return false, true
		}
		k.status = c.Status
		m.checks[c.Node][c.CheckID] = k
	case *SetKey:
		old, found := m.keys[string(c.Key)]
		if c.CAS && (found != (c.Index != 0) || found && old.modify != c.Index) {
			return false, false
		}
		p := modelPair{string(c.Value), index, index, old.session, old.locks}
		if found {
			p.create = old.create
		}
		if ok, failed := m.lock(c, &p); !ok {
			return false, failed
		}
		m.keys[string(c.Key)] = p
	case *CreateSession:
		return m.createSession(c)
	case *DestroySession:
		m.endSession(index, c.ID)
	case *EndDelays:
		maps.DeleteFunc(m.delays, func(k string, at uint64) bool { return k == string(c.Delays[0].Key) && at == c.Delays[0].Index })
	case *UpdateCoordinates:
		for _, u := range c.Updates {
			if _, there := m.nodes[u.Node]; there {
				m.coords[u.Node] = u.Coord.Vec[0]
			}
		}
	case *DeleteKey:
		old, found := m.keys[string(c.Key)]
		switch {
		case c.Tree:
			maps.DeleteFunc(m.keys, func(k string, _ modelPair) bool { return strings.HasPrefix(k, string(c.Key)) })
		case c.CAS && found && old.modify != c.Index:
			return false, false
		default:
			delete(m.keys, string(c.Key))
		}
	}
	return true, false
}

func (m *model) register(index uint64, c *Register) (ok, failed bool) {
	n := c.Node.Name
	_, exists := m.nodes[n]
	if !exists && c.Node.Address == "" || !c.SkipNodeUpdate && c.Node.Address == "" {
		return false, true
	}
	for _, k := range c.Checks {
		if k.ServiceID == "" || c.Instance != nil && c.Instance.ID == k.ServiceID {
			continue
		}
		if _, there := m.instances[n][k.ServiceID]; !there {
			return false, true
		}
	}
	if !exists {
		m.instances[n], m.checks[n] = map[string]string{}, map[string]modelCheck{}
	}
	if !exists || !c.SkipNodeUpdate {
		m.nodes[n] = c.Node.Address
	}
	if c.Instance != nil {
		m.instances[n][c.Instance.ID] = c.Instance.Name
	}
	for _, k := range c.Checks {
		m.checks[n][k.ID] = modelCheck{k.ServiceID, k.Status}
		m.settle(index)
	}
	return true, false
}

func (m *model) deregister(c *Deregister) {
	switch {
	case c.ServiceID != "":
		if _, ok := m.instances[c.Node][c.ServiceID]; !ok {
			return
		}
		delete(m.instances[c.Node], c.ServiceID)
		maps.DeleteFunc(m.checks[c.Node], func(_ string, k modelCheck) bool { return k.service == c.ServiceID })
	case c.CheckID != "":
		delete(m.checks[c.Node], c.CheckID)
	default:
		delete(m.coords, c.Node)
		delete(m.nodes, c.Node)
		delete(m.instances, c.Node)
		delete(m.checks, c.Node)
	}
}

// diff compares the model with a snapshot, through the queries clients use.
func (m *model) diff(s *Snapshot) error {
	nodes, _ := s.Nodes()
	if len(nodes) != len(m.nodes) {
		return fmt.Errorf("%d nodes, want %d", len(nodes), len(m.nodes))
	}
	for _, n := range nodes {
		if m.nodes[n.Name] != n.Address {
			return fmt.Errorf("node %s at %q, want %q", n.Name, n.Address, m.nodes[n.Name])
		}
		if on := s.InstancesOn(n.Name); len(on) != len(m.instances[n.Name]) {
			return fmt.Errorf("node %s: %d instances, want %d", n.Name, len(on), len(m.instances[n.Name]))
		}
		for _, c := range s.ChecksOn(n.Name) {
			want, ok := m.checks[n.Name][c.ID]
			if !ok || want.status != c.Status || want.service != c.ServiceID || m.instances[n.Name][c.ServiceID] != c.ServiceName {
				return fmt.Errorf("node %s check %+v, want %+v", n.Name, c, want)
			}
		}
		if got := len(s.ChecksOn(n.Name)); got != len(m.checks[n.Name]) {
			return fmt.Errorf("node %s: %d checks, want %d", n.Name, got, len(m.checks[n.Name]))
		}
	}
	for _, service := range modelServices {
		if err := m.diffService(s, service); err != nil {
			return err
		}
	}
	if err := m.diffCoordinates(s); err != nil {
		return err
	}
	if err := m.diffLocks(s); err != nil {
		return err
	}
	return m.diffKeys(s)
}

func (m *model) diffService(s *Snapshot, service string) error {
	want := map[string]Status{}
	for node, on := range m.instances {
		for id, name := range on {
			if name != service {
				continue
			}
			worst := Passing
			for _, k := range m.checks[node] {
				if (k.service == id || k.service == "") && k.status.rank() > worst.rank() {
					worst = k.status
				}
			}
			want[node+"/"+id] = worst
		}
	}
	got := map[string]Status{}
	for _, e := range s.Entries(service) {
		got[e.Node.Name+"/"+e.Instance.ID] = e.Status()
	}
	if !maps.Equal(got, want) {
		return fmt.Errorf("service %s: %v, want %v", service, got, want)
	}
	return nil
}

func (m *model) diffKeys(s *Snapshot) error {
	pairs, _ := s.Pairs("")
	got := map[string]modelPair{}
	for _, p := range pairs {
		got[p.Key] = modelPair{string(p.Value), p.CreateIndex, p.ModifyIndex, p.Session, p.LockIndex}
	}
	if !maps.Equal(got, m.keys) {
		return fmt.Errorf("keys %v, want %v", got, m.keys)
	}
	return nil
}

var (
	modelNodes    = []string{"n1", "n2", "n3"}
	modelServices = []string{"web", "db"}
	modelIDs      = []string{"a", "b"}
	modelChecks   = []string{"c1", "c2", "c3"}
	modelKeys     = []string{"k", "k/1", "k/2", "l\xff"}
	statuses      = []Status{Passing, Warning, Critical}
)

// drawCommand makes any command over a vocabulary small enough that commands meet.
func drawCommand(t *rapid.T, last uint64) Command {
	node := rapid.SampledFrom(modelNodes).Draw(t, "node")
	key := []byte(rapid.SampledFrom(modelKeys).Draw(t, "key"))
	cas, at := rapid.Bool().Draw(t, "cas"), rapid.Uint64Range(0, last).Draw(t, "at")
	switch rapid.IntRange(0, 9).Draw(t, "kind") {
	case 9:
		return &UpdateCoordinates{[]NodeCoordinate{{Node: node, Coord: place(float64(rapid.IntRange(0, 2).Draw(t, "place")))}}}
	case 0, 1:
		return drawRegister(t, node)
	case 2:
		d := &Deregister{Node: node}
		switch rapid.IntRange(0, 4).Draw(t, "what") {
		case 0, 1:
			d.ServiceID = rapid.SampledFrom(modelIDs).Draw(t, "id")
		case 2, 3:
			d.CheckID = rapid.SampledFrom(modelChecks).Draw(t, "check")
		}
		return d
	case 3:
		return &SetStatus{Node: node, CheckID: rapid.SampledFrom(modelChecks).Draw(t, "check"), Status: rapid.SampledFrom(statuses).Draw(t, "status")}
	case 4:
		return &SetKey{Key: key, Value: []byte(rapid.StringN(0, 4, 8).Draw(t, "value")), CAS: cas, Index: at}
	case 6, 7, 8:
		return drawLock(t, node, key, at)
	default:
		return &DeleteKey{Key: key, Tree: rapid.Bool().Draw(t, "tree"), CAS: cas, Index: at}
	}
}

func drawRegister(t *rapid.T, node string) *Register {
	r := &Register{
		Node:           Node{Name: node, Address: rapid.SampledFrom([]string{"10.0.0.1", "10.0.0.2", ""}).Draw(t, "address")},
		SkipNodeUpdate: rapid.Bool().Draw(t, "skip"),
	}
	if rapid.Bool().Draw(t, "instance") {
		r.Instance = &Instance{ID: rapid.SampledFrom(modelIDs).Draw(t, "id"), Name: rapid.SampledFrom(modelServices).Draw(t, "service")}
	}
	for range rapid.IntRange(0, 2).Draw(t, "checks") {
		r.Checks = append(r.Checks, &Check{
			ID:        rapid.SampledFrom(modelChecks).Draw(t, "check"),
			ServiceID: rapid.SampledFrom(append(modelIDs, "", "")).Draw(t, "of"),
			Status:    rapid.SampledFrom(statuses).Draw(t, "status"),
		})
	}
	return r
}

// marks reads the index of every resource a client could watch.
func marks(s *Snapshot) map[string]Mark {
	out := map[string]Mark{}
	_, out["nodes"] = s.Nodes()
	_, out["services"] = s.Services()
	_, out["checks"] = s.ChecksIn("any")
	out["rows"] = s.RowsMark()
	_, out["kv"] = s.Pairs("")
	_, out["kv k"] = s.Pairs("k")
	for _, n := range modelNodes {
		out["node "+n] = s.NodeMark(n)
	}
	for _, n := range modelServices {
		out["service "+n] = s.ServiceMark(n)
	}
	for _, k := range modelKeys {
		_, out["key "+k] = s.Pair(k)
	}
	markCoordinates(s, out)
	markSessions(s, out)
	return out
}

// answers renders what each of those watchers would be shown.
func answers(s *Snapshot) map[string]string {
	out := map[string]string{}
	nodes, _ := s.Nodes()
	out["nodes"] = render(nodes)
	services, _ := s.Services()
	out["services"] = fmt.Sprint(services)
	checks, _ := s.ChecksIn("any")
	out["checks"] = render(checks)
	out["rows"] = render(nodes) + render(collect(s.Instances)) + render(checks)
	for _, k := range []string{"", "k"} {
		pairs, _ := s.Pairs(k)
		out[strings.TrimSpace("kv "+k)] = render(pairs)
	}
	for _, n := range modelNodes {
		out["node "+n] = render([]*Node{s.Node(n)}) + render(s.InstancesOn(n)) + render(s.ChecksOn(n))
	}
	for _, n := range modelServices {
		var b strings.Builder
		for _, e := range s.Entries(n) {
			b.WriteString(render([]*Node{e.Node}) + render([]*Instance{e.Instance}) + render(e.Checks))
		}
		out["service "+n] = b.String()
	}
	for _, k := range modelKeys {
		p, _ := s.Pair(k)
		out["key "+k] = render([]*Pair{p})
	}
	answerCoordinates(s, out)
	answerSessions(s, out)
	return out
}

func render[T any](rows []*T) string {
	var b strings.Builder
	for _, r := range rows {
		if r != nil {
			fmt.Fprintf(&b, "%+v;", *r)
		}
	}
	return b.String()
}

func fired(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// TestStateAgainstModel runs random commands against the model and holds the
// promises of blocking queries: an answer never changes without its index rising
// and its channel closing, and no index ever falls.
func TestStateAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		state, m := New(), newModel()
		var log []Command
		for i := range rapid.IntRange(1, 60).Draw(t, "steps") {
			index := uint64(i + 2)
			c := drawCommand(t, index)
			before := state.Snapshot()
			oldMarks, oldAnswers := marks(before), answers(before)

			res, err := state.Apply(index, c)
			ok, failed := m.apply(index, c)
			if (err != nil) != failed || res.OK != ok {
				t.Fatalf("%T: ok %v err %v, want ok %v failed %v", c, res.OK, err, ok, failed)
			}
			log = append(log, c)
			after := state.Snapshot()
			if err := m.diff(after); err != nil {
				t.Fatalf("after %T %+v: %v", c, c, err)
			}
			checkMarks(t, oldMarks, marks(after), oldAnswers, answers(after))

			if rapid.IntRange(0, 9).Draw(t, "restore") == 0 {
				state = restored(t, state)
			}
		}
		if got, want := persisted(t, replay(t, log)), persisted(t, state); !bytes.Equal(got, want) {
			t.Fatalf("a second replica differs:\n%q\n%q", got, want)
		}
	})
}

func checkMarks(t *rapid.T, was, is map[string]Mark, said, says map[string]string) {
	for what, old := range was {
		now := is[what]
		if now.Index < old.Index || now.Index < 1 {
			t.Fatalf("index of %s fell from %d to %d", what, old.Index, now.Index)
		}
		if said[what] == says[what] {
			continue
		}
		if now.Index == old.Index {
			t.Fatalf("%s changed from %q to %q, its index stayed %d", what, said[what], says[what], now.Index)
		}
		if !fired(old.Changed) {
			t.Fatalf("%s changed from %q to %q without a wake-up", what, said[what], says[what])
		}
	}
}

func persisted(t *rapid.T, s *State) []byte {
	var b bytes.Buffer
	if err := s.Snapshot().Persist(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func restored(t *rapid.T, s *State) *State {
	fresh := New()
	first := persisted(t, s)
	if err := fresh.Restore(bytes.NewReader(first)); err != nil {
		t.Fatal(err)
	}
	if again := persisted(t, fresh); !bytes.Equal(first, again) {
		t.Fatalf("restore changed the state:\n%q\n%q", first, again)
	}
	return fresh
}

// replay applies a log to a fresh state, as another replica would: through the wire form.
func replay(t *rapid.T, log []Command) *State {
	s := New()
	for i, c := range log {
		data, err := Encode(c)
		if err != nil {
			t.Fatal(err)
		}
		d, err := Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		if again, _ := Encode(d); !slices.Equal(again, data) {
			t.Fatalf("%T does not survive the wire: %q, %q", c, data, again)
		}
		s.Apply(uint64(i+2), d)
	}
	return s
}
