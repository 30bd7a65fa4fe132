package agent

import (
	"strings"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// at makes an operation on a key take place between two moments, in ms.
func at(from, to int64, o operation) *operation {
	if o.key == "" {
		o.key = keyOf(0, 0)
	}
	if o.outcome == "" {
		o.outcome = done
	}
	o.call, o.ret = from*1e6, to*1e6
	return &o
}

func saw(value string, index uint64) operation {
	return operation{act: readConsistent, saw: version{value, index}}
}

func sawByDefault(value string, index uint64) operation {
	return operation{act: readDefault, saw: version{value, index}}
}

func wrote(value string) operation { return operation{act: setKey, value: value} }

func swapped(base string, index uint64, value string, ok bool) operation {
	return operation{act: casKey, base: version{base, index}, value: value, ok: ok}
}

func lost(o operation) operation { o.outcome = unknown; return o }

func refused(o operation) operation { o.outcome = nothing; return o }

// TestHistoryChecker judges histories that were written by hand.
func TestHistoryChecker(t *testing.T) {
	other := func(o operation) operation { o.key = keyOf(0, 1); return o }
	for name, c := range map[string]struct {
		ops   []*operation
		lease time.Duration
		bad   string // who must object: order, facts, chain, none
	}{
		"one after the other":            {ops: []*operation{at(0, 1, wrote("a")), at(2, 3, saw("a", 5)), at(4, 5, operation{act: removeKey}), at(6, 7, saw("", 0))}},
		"at the same time":               {ops: []*operation{at(0, 9, wrote("a")), at(1, 2, saw("", 0)), at(3, 4, saw("a", 5))}},
		"stale":                          {ops: []*operation{at(0, 1, wrote("a")), at(2, 3, wrote("b")), at(4, 5, saw("a", 5))}, bad: "order"},
		"new, then old":                  {ops: []*operation{at(0, 1, wrote("a")), at(2, 9, wrote("b")), at(3, 4, saw("b", 6)), at(5, 6, saw("a", 5))}, bad: "order"},
		"acknowledged and gone":          {ops: []*operation{at(0, 1, wrote("a")), at(2, 3, saw("", 0))}, bad: "order"},
		"old within the lease":           {lease: 400 * time.Millisecond, ops: []*operation{at(0, 1, wrote("a")), at(2, 3, wrote("b")), at(300, 301, sawByDefault("a", 5))}},
		"old behind the lease":           {lease: 400 * time.Millisecond, ops: []*operation{at(0, 1, wrote("a")), at(2, 3, wrote("b")), at(500, 501, sawByDefault("a", 5))}, bad: "order"},
		"no lease without partitions":    {ops: []*operation{at(0, 1, wrote("a")), at(2, 3, wrote("b")), at(4, 5, sawByDefault("a", 5))}, bad: "order"},
		"consistent knows no lease":      {lease: 400 * time.Millisecond, ops: []*operation{at(0, 1, wrote("a")), at(2, 3, wrote("b")), at(4, 5, saw("a", 5))}, bad: "order"},
		"lost, happened late":            {ops: []*operation{at(0, 1, lost(wrote("a"))), at(2, 3, saw("", 0)), at(4, 5, wrote("b")), at(6, 7, saw("b", 6)), at(8, 9, saw("a", 7))}},
		"lost, never happened":           {ops: []*operation{at(0, 1, lost(wrote("a"))), at(2, 3, saw("", 0))}},
		"lost, unseen, between two":      {ops: []*operation{at(0, 1, other(wrote("a"))), at(2, 3, other(lost(wrote("b")))), at(4, 5, other(swapped("a", 5, "c", false))), at(6, 7, other(wrote("d"))), at(8, 9, other(saw("d", 8)))}},
		"lost, happened twice":           {ops: []*operation{at(0, 1, lost(wrote("a"))), at(2, 3, saw("a", 5)), at(4, 5, wrote("b")), at(6, 7, saw("b", 6)), at(8, 9, saw("a", 7))}, bad: "order facts"},
		"refused, yet there":             {ops: []*operation{at(0, 1, refused(wrote("a"))), at(2, 3, saw("a", 5))}, bad: "order facts"},
		"refused, read unanswered":       {ops: []*operation{at(0, 1, refused(wrote("a"))), at(2, 3, refused(saw("", 0))), at(4, 5, saw("", 0))}},
		"from nowhere":                   {ops: []*operation{at(2, 3, saw("z", 5))}, bad: "order facts"},
		"of another key":                 {ops: []*operation{at(0, 1, other(wrote("a"))), at(2, 3, saw("a", 5))}, bad: "order facts"},
		"before it was written":          {ops: []*operation{at(2, 3, saw("a", 5)), at(4, 5, wrote("a"))}, bad: "order facts"},
		"keys apart":                     {ops: []*operation{at(0, 1, other(wrote("a"))), at(2, 3, wrote("b")), at(4, 5, saw("b", 6)), at(6, 7, other(saw("a", 5)))}},
		"cas":                            {ops: []*operation{at(0, 1, swapped("", 0, "a", true)), at(2, 3, saw("a", 5)), at(4, 5, swapped("a", 5, "b", true)), at(6, 7, swapped("a", 5, "c", false)), at(8, 9, saw("b", 6))}},
		"cas, two of the same base":      {ops: []*operation{at(0, 1, swapped("", 0, "a", true)), at(2, 3, swapped("a", 5, "b", true)), at(4, 5, swapped("a", 5, "c", true)), at(6, 7, saw("c", 7))}, bad: "order chain"},
		"cas, refused without reason":    {ops: []*operation{at(0, 1, swapped("", 0, "a", true)), at(2, 3, swapped("a", 5, "b", false)), at(4, 5, saw("a", 5))}, bad: "order"},
		"cas, twice: told false, yet so": {ops: []*operation{at(0, 1, swapped("", 0, "a", true)), at(2, 3, swapped("a", 5, "b", false)), at(4, 5, saw("b", 6))}, bad: "order facts chain"},
		"cas, true and gone":             {ops: []*operation{at(0, 1, swapped("", 0, "a", true)), at(2, 3, swapped("a", 5, "b", true)), at(4, 5, saw("a", 5))}, bad: "order chain"},
		"cas, lost":                      {ops: []*operation{at(0, 1, swapped("", 0, "a", true)), at(2, 3, lost(swapped("a", 5, "b", false))), at(4, 5, saw("a", 5)), at(6, 7, saw("b", 6))}},
		"cas, lost, base gone":           {ops: []*operation{at(0, 1, wrote("a")), at(2, 3, lost(swapped("a", 5, "b", false))), at(4, 5, wrote("c")), at(6, 7, saw("c", 7)), at(8, 9, saw("b", 8))}, bad: "order chain"},
		"index of its own":               {ops: []*operation{at(0, 1, wrote("a")), at(2, 3, saw("a", 5)), at(4, 5, other(wrote("b"))), at(6, 7, other(saw("b", 5)))}, bad: "facts"},
		"index that falls":               {ops: []*operation{at(0, 1, swapped("", 0, "a", true)), at(2, 3, swapped("a", 5, "b", true)), at(4, 5, saw("b", 4))}, bad: "facts"},
		"index that stays":               {ops: []*operation{at(0, 1, wrote("a")), at(2, 3, saw("a", 5)), at(4, 5, saw("a", 6))}, bad: "facts"},
	} {
		t.Run(name, func(t *testing.T) {
			var objections []string
			if verdict, _ := linearize(c.ops, c.lease, time.Minute); verdict != porcupine.Ok {
				objections = append(objections, "order")
			}
			if len(contradictions(c.ops)) > 0 {
				objections = append(objections, "facts")
			}
			if _, broken := brokenChains(c.ops, isChain); len(broken) > 0 {
				objections = append(objections, "chain")
			}
			if got := strings.Join(objections, " "); got != c.bad {
				t.Errorf("objections: %q, want %q", got, c.bad)
			}
		})
	}
}

// TestHistoryTooHard shows that a checker that runs out of time does not say yes.
func TestHistoryTooHard(t *testing.T) {
	var ops []*operation
	for i := range int64(40) {
		ops = append(ops, at(0, 100, lost(wrote(string(rune('a'+i))))))
	}
	ops = append(ops, at(200, 201, saw("nobody wrote this", 9)))
	if verdict, _ := linearize(ops, 0, 200*time.Millisecond); verdict != porcupine.Unknown {
		t.Errorf("verdict %s", verdict)
	}
}
