package archive

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"testing"
	"time"

	"muster/catalog"
)

var about = About{Term: 3, Created: time.Date(2026, 11, 23, 9, 30, 0, 0, time.FixedZone("", 3600)), Datacenter: "dc1", Node: "n1", Build: "1.2.3"}

// sample returns a state with a few rows of every kind that people put there.
func sample(t testing.TB) *catalog.State {
	t.Helper()
	s := catalog.New()
	var commands []catalog.Command
	for i := range 3 {
		commands = append(commands, &catalog.Register{
			Node:     catalog.Node{Name: fmt.Sprintf("n%d", i), Address: fmt.Sprintf("10.0.0.%d", i+1), Datacenter: "dc1"},
			Instance: &catalog.Instance{ID: "web", Name: "web", Port: 80, Weights: catalog.DefaultWeights},
			Checks:   []*catalog.Check{{ID: "c", ServiceID: "web", Status: catalog.Passing}},
		}, &catalog.SetKey{Key: []byte{'k', 0xff, byte(i)}, Value: bytes.Repeat([]byte{byte(i)}, 50)})
	}
	for _, c := range commands {
		apply(t, s, c)
	}
	return s
}

// apply applies a command at the next index.
func apply(t testing.TB, s *catalog.State, c catalog.Command) {
	t.Helper()
	if _, err := s.Apply(s.Applied()+1, c); err != nil {
		t.Fatal(err)
	}
}

// persisted is a state as its own package writes it.
func persisted(t testing.TB, s *catalog.State) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := s.Snapshot().Persist(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// archived is the archive of a state.
func archived(t testing.TB, s *catalog.State) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := Write(&b, s.Snapshot(), about); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// part is a member of a hand-made archive.
type part struct {
	*tar.Header
	content []byte
}

// file is a member as Write makes it.
func file(name string, content []byte) part {
	return part{header(name, Meta{About: about}, int64(len(content))), content}
}

// tarred packs members.
func tarred(t testing.TB, parts ...part) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, p := range parts {
		if err := w.WriteHeader(p.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(p.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// gzipped compresses pieces into one member.
func gzipped(t testing.TB, pieces ...[]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	for _, p := range pieces {
		if _, err := w.Write(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
