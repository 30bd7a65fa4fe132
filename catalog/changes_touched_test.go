package catalog

import (
	"testing"

	"pgregory.net/rapid"
)

// placesOf returns the indexes of all rows of a snapshot, by place.
func placesOf(s *Snapshot) map[Touched]uint64 {
	rows := map[Touched]uint64{}
	nodes, _ := s.Nodes()
	for _, n := range nodes {
		name := Fold(n.Name)
		rows[Touched{Node: name}] = n.ModifyIndex
		for _, i := range s.InstancesOn(n.Name) {
			rows[Touched{Node: name, ServiceID: i.ID}] = i.ModifyIndex
		}
		for _, c := range s.ChecksOn(n.Name) {
			rows[Touched{Node: name, CheckID: c.ID}] = c.ModifyIndex
		}
	}
	return rows
}

// TestTouched: each row that differs from one step to the next is named by the step, encoded or
// not, or what stands for it is.
func TestTouched(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		state := New()
		encode := rapid.Bool().Draw(t, "encoded")
		for index := uint64(1); index <= 20; index++ {
			before := state.Snapshot()
			owners := map[string]string{} // of checks, by place
			for i := range before.Instances {
				for _, c := range before.ChecksOfInstance(i.Node, i.ID) {
					owners[Fold(c.Node)+"/"+c.ID] = i.ID
				}
			}
			if _, err := state.Apply(index, drawCommand(t, index)); err != nil {
				continue
			}
			named := touchedAt(t, state, index, encode)
			after := placesOf(state.Snapshot())
			was := placesOf(before)
			for place, at := range was {
				now, there := after[place]
				implied := !there && named[Touched{Node: place.Node}] ||
					place.CheckID != "" && named[Touched{Node: place.Node, ServiceID: owners[place.Node+"/"+place.CheckID]}]
				if (!there || now != at) && !named[place] && !implied {
					t.Fatalf("%+v has changed at %d, and the step does not say so: %v", place, index, named)
				}
			}
			for place := range after {
				if _, old := was[place]; !old && !named[place] {
					t.Fatalf("%+v has come at %d, and the step does not say so: %v", place, index, named)
				}
			}
		}
	})
}

func touchedAt(t *rapid.T, state *State, index uint64, encode bool) map[Touched]bool {
	steps, _, ok := state.Changes().Since(index - 1)
	if !ok {
		t.Fatal("the step is not kept")
	}
	named := map[Touched]bool{}
	for _, step := range steps {
		if encode {
			if _, err := step.Encode(); err != nil {
				t.Fatal(err)
			}
		}
		touched, err := step.Touched(nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, place := range touched {
			place.Node = Fold(place.Node)
			named[place] = true
		}
	}
	return named
}
