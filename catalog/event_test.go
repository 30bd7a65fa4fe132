package catalog

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"
)

func every(*Event) bool { return true }

func TestEventsAreKeptInOrder(t *testing.T) {
	s := New()
	for i := range MaxEvents + 3 {
		res, err := s.Apply(uint64(10+i), &FireEvent{Name: fmt.Sprint("e", i%2), Seed: uint64(i) << 50})
		if err != nil || !res.OK || uuid.Validate(res.EventID()) != nil {
			t.Fatalf("event %d: %+v, %v", i, res, err)
		}
	}
	rows, mark := s.Snapshot().Events(every)
	if len(rows) != MaxEvents || rows[0].Index != 13 || mark.Index != rows[MaxEvents-1].Index {
		t.Errorf("%d events from %d, marked %d", len(rows), rows[0].Index, mark.Index)
	}
	if !slices.IsSortedFunc(rows, func(a, b *Event) int { return int(a.Index) - int(b.Index) }) {
		t.Error("they are out of order")
	}
	if none, mark := s.Snapshot().Events(func(*Event) bool { return false }); len(none) != 0 || mark.Index != 12 {
		t.Errorf("of none the index is %d, want that of the newest which is gone", mark.Index)
	}
	if again := restoredState(t, s); !bytes.Equal(persistedBytes(t, again), persistedBytes(t, s)) {
		t.Error("events do not outlive a snapshot")
	}
}

func restoredState(t *testing.T, s *State) *State {
	t.Helper()
	out := New()
	if err := out.Restore(bytes.NewReader(persistedBytes(t, s))); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestEventIDTellsTheIndex takes ids for numbers as Consul's clients do.
func TestEventIDTellsTheIndex(t *testing.T) {
	for _, seed := range []uint64{0, 1<<64 - 1, 0x1234567890abcdef} {
		for _, index := range []uint64{1, 77, 1 << 40} {
			id := eventID(seed, index)
			u, err := uuid.Parse(id)
			if err != nil || u.Version() != 4 || u.Variant() != uuid.RFC4122 {
				t.Fatalf("%s: %v, version %d, variant %v", id, err, u.Version(), u.Variant())
			}
			hex := strings.ReplaceAll(id, "-", "")
			low, _ := strconv.ParseUint(hex[:16], 16, 64)
			high, _ := strconv.ParseUint(hex[16:], 16, 64)
			if low^high != index {
				t.Errorf("%s says %d, want %d", id, low^high, index)
			}
		}
	}
}

func TestEventConcerns(t *testing.T) {
	on := []*Instance{{Name: "web", Tags: []string{"v1", "blue"}}, {Name: "db", Tags: []string{"primary"}}}
	for _, tt := range []struct {
		node, service, tag string
		want               bool
	}{
		{"", "", "", true},
		{"^n1$", "", "", true},
		{"1", "", "", true},
		{"n2", "", "", false},
		{"", "web|cache", "", true},
		{"", "^we$", "", false},
		{"", "web", "v1", true},
		{"", "web", "primary", false}, // another service's
		{"", "db", "prim", true},
		{"n1", "db", "^primary$", true},
		{"n2", "db", "^primary$", false},
		{"(", "", "", false}, // passed by another version
	} {
		e := &Event{NodeFilter: tt.node, ServiceFilter: tt.service, TagFilter: tt.tag}
		e.compile()
		if got := e.Concerns("n1", on); got != tt.want {
			t.Errorf("node %q service %q tag %q: %t", tt.node, tt.service, tt.tag, got)
		}
	}
}

func TestBadEvents(t *testing.T) {
	long := strings.Repeat("x", maxPatternBytes+1)
	for want, c := range map[string]*FireEvent{
		`name: "" is missing or has a control character`:     {},
		`name: "a\nb" is missing or has a control character`: {Name: "a\nb"},
		"name: has 129 bytes, the limit is 128":              {Name: long[:129]},
		"the payload has 4097 bytes, the limit is 4096":      {Name: "e", Payload: make([]byte, MaxEventPayload+1)},
		"a filter has more than 512 bytes":                   {Name: "e", NodeFilter: long},
		"tag: a filter of tags needs one of services":        {Name: "e", TagFilter: "x"},
	} {
		s := New()
		if _, err := s.Apply(1, c); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
		if rows, _ := s.Snapshot().Events(every); len(rows) > 0 {
			t.Errorf("%s: it was fired", want)
		}
	}
	bad := &FireEvent{Name: "e", ServiceFilter: "("}
	if err := bad.Validate(); err == nil || !strings.HasPrefix(err.Error(), "service: error parsing regexp") {
		t.Errorf("%v", err)
	}
	if _, err := New().Apply(1, bad); err != nil {
		t.Errorf("what compiles decides about the state: %v", err)
	}
}

func TestPatternIsBounded(t *testing.T) {
	for text, ok := range map[string]bool{
		"":                       true,
		"^web-(a|b)*$":           true,
		"a{1000}":                true,
		"(a{100}){100}":          false,
		"((a{10}){10}){10}{10}":  false,
		"(?:x{0,1000}){0,1000}":  false,
		strings.Repeat("(", 512): false,
		strings.Repeat("a", 513): false,
		`\pL+`:                   true,
		"[^-]":                   true,
	} {
		if _, err := Pattern("p", text); (err == nil) != ok {
			t.Errorf("%.40q: %v", text, err)
		}
	}
}
