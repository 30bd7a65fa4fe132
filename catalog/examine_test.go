package catalog

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"
)

func TestExamine(t *testing.T) {
	s := filled(t)
	data := persistedBytes(t, s)
	kinds, size := map[string]int{}, 8+8+1+8+32 // what stands round the rows
	var keys []string
	index, counts, err := Examine(bytes.NewReader(data), func(r Row) {
		kinds[r.Kind.String()]++
		size += r.Bytes
		if (r.Kind == RowKey) != (r.Key() != "") {
			t.Errorf("key %q of a row of %v", r.Key(), r.Kind)
		}
		if r.Kind == RowKey {
			keys = append(keys, r.Key())
		}
	})
	if err != nil || index != s.Applied() || counts != s.Snapshot().Counts() {
		t.Errorf("index %d, %+v, %v", index, counts, err)
	}
	if size != len(data) {
		t.Errorf("rows and what stands round them take %d bytes, the stream has %d", size, len(data))
	}
	if want := []string{"held", "k\xff\x00", "late\xff"}; !slices.Equal(keys, want) {
		t.Errorf("keys %q, want %q", keys, want)
	}
	delete(kinds, "indexes") // as many as there are resources
	if want := map[string]int{"nodes": 1, "services": 1, "checks": 2, "keys": 3, "sessions": 1, "lock delays": 1, "deleted keys": 1, "outcomes": 1, "autopilot": 1, "lineage": 1, "coordinates": 1, "observations": 1}; !maps.Equal(kinds, want) {
		t.Errorf("rows by kind %v, want %v", kinds, want)
	}
}

// Examine refuses what Restore refuses, and what Restore would not see.
func TestExamineRefuses(t *testing.T) {
	good := persistedBytes(t, filled(t))
	for what, data := range map[string][]byte{
		"nothing": nil, "a foreign file": []byte("PK\x03\x04, and long enough for a header"), "a cut stream": good[:len(good)-1],
		"a damaged stream": bytes.Replace(good, []byte("web1"), []byte("web2"), 1), "a longer stream": append(bytes.Clone(good), 0),
	} {
		if index, counts, err := Examine(bytes.NewReader(data), nil); err == nil || index != 0 || counts != (Counts{}) {
			t.Errorf("%s: index %d, %+v, %v", what, index, counts, err)
		}
	}
}

func TestRowKindsHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range []recordKind{
		recordNode, recordInstance, recordCheck, recordKey, recordGrave, recordVersion,
		recordMemory, recordAutopilot, recordLineage, recordSession, recordDelay, recordCoordinate, recordObserved,
		recordTurn, recordBrake, recordEvent, recordPreparedQuery,
	} {
		name := RowKind(k).String()
		if name == fmt.Sprintf("kind %d", k) || seen[name] {
			t.Errorf("kind %d is called %q", k, name)
		}
		seen[name] = true
	}
	if got := RowKind(200).String(); got != "kind 200" {
		t.Errorf("an unknown kind is called %q", got)
	}
}
