package catalog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// populous is a state of so many instances that it is decoded in many pieces, with values larger than a piece.
func populous(t testing.TB) *State {
	t.Helper()
	s := New()
	apply := func(c Command) {
		if _, err := s.Apply(s.Applied()+1, c); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 2500 {
		id := fmt.Sprintf("id-%d", i*7919%2500)
		apply(&Register{
			Node:     Node{Name: fmt.Sprintf("Node-%d", i%40), ID: fmt.Sprintf("00000000-0000-0000-0000-%012d", i%40), Address: fmt.Sprintf("10.9.0.%d", i%40)},
			Instance: &Instance{ID: id, Name: fmt.Sprintf("Svc-%d", i%300), Address: []string{"", "host.example", fmt.Sprintf("10.0.%d.%d", i%9, i%251)}[i%3], Weights: DefaultWeights},
			Checks:   []*Check{{ID: "check:" + id, ServiceID: id, Status: Passing}},
		})
	}
	for i := range 5 {
		apply(&SetKey{Key: fmt.Appendf(nil, "large/%d", i), Value: bytes.Repeat([]byte{byte(i)}, 3*pieceBytes)})
	}
	return s
}

// TestRestoreOfManyPieces restores what is decoded by several goroutines: the rows are
// the same, each index has them in order, and what is written next has the same outcome.
func TestRestoreOfManyPieces(t *testing.T) {
	a, b := populous(t), New()
	if err := b.Restore(bytes.NewReader(persistedBytes(t, a))); err != nil {
		t.Fatal(err)
	}
	now := b.current.Load().tables
	holdsOrder(t, "nodes", &now.nodes)
	holdsOrder(t, "instances", &now.instances)
	holdsOrder(t, "checks", &now.checks)
	holdsOrder(t, "keys", &now.keys)
	for _, c := range []Command{
		&Deregister{Node: "node-7"}, &Deregister{Node: "node-8", ServiceID: "id-8"}, register("n", "new"),
	} {
		for _, s := range []*State{a, b} {
			if _, err := s.Apply(s.Applied()+1, c); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !bytes.Equal(persistedBytes(t, a), persistedBytes(t, b)) {
		t.Error("the restored state went another way")
	}
	holdsOrder(t, "instances", &b.current.Load().instances)
}

func register(node, id string) *Register {
	return &Register{Node: Node{Name: node, Address: "192.0.2.1"}, Instance: &Instance{ID: id, Name: "svc-1", Weights: DefaultWeights}}
}

// holdsOrder checks every index of a table.
func holdsOrder[T any](t *testing.T, name string, of *table[T]) {
	t.Helper()
	for i, x := range of.indexes {
		want := 0
		for row := range of.rows(byID, nil) {
			if x.holds == nil || x.holds(row) {
				want++
			}
		}
		var last *T
		got := 0
		for row := range of.rows(i, nil) {
			if last != nil && x.order(last, row) >= 0 {
				t.Fatalf("%s: index %d is out of order", name, i)
			}
			last = row
			got++
		}
		if got != want || got != of.by[i].size || want == 0 && i == byID {
			t.Errorf("%s: index %d has %d rows, says %d, want %d", name, i, got, of.by[i].size, want)
		}
	}
}

// TestRestoreOfRowsOutOfOrder restores what no Persist writes: rows in any order, and some twice.
func TestRestoreOfRowsOutOfOrder(t *testing.T) {
	var b bytes.Buffer
	err := New().Snapshot().persist(&b, func(p *persister) {
		for _, i := range []int{3, 1, 2, 1, 4} {
			p.record(recordInstance, &Instance{Node: "n", ID: fmt.Sprint(i), Name: "s", Port: int(p.rows)})
		}
		p.record(recordNode, &Node{Name: "N", Address: "10.0.0.1"})
	})
	if err != nil {
		t.Fatal(err)
	}
	s := New()
	if err := s.Restore(&b); err != nil {
		t.Fatal(err)
	}
	var got []string
	now := s.current.Load().tables
	for i := range now.instances.rows(byID, nil) {
		got = append(got, fmt.Sprint(i.Node, i.ID, ":", i.Port))
	}
	if text := strings.Join(got, " "); text != "N1:3 N2:2 N3:0 N4:4" {
		t.Error(text)
	}
	holdsOrder(t, "instances", &now.instances)
}

// TestRestoreNamesTheFirstBadRow has two bad rows in different pieces, whose decoders may find them in any order.
func TestRestoreNamesTheFirstBadRow(t *testing.T) {
	var b bytes.Buffer
	err := New().Snapshot().persist(&b, func(p *persister) {
		for i := range 20_000 {
			switch i {
			case 4000, 12_000:
				p.record(recordNode, json.RawMessage(`{"Name":7}`))
			default:
				p.record(recordNode, &Node{Name: fmt.Sprintf("n%05d", i), Address: "10.0.0.1"})
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	s := New()
	for range 20 {
		if err := s.Restore(bytes.NewReader(b.Bytes())); err == nil || !strings.Contains(err.Error(), "row 4000: ") {
			t.Fatal(err)
		}
	}
	if c := s.Snapshot().Counts(); c != (Counts{}) {
		t.Errorf("%+v", c)
	}
}
