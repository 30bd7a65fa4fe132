package agent

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// act is what a client asked for.
type act string

const (
	readConsistent act = "read consistent"
	readDefault    act = "read default"
	setKey         act = "set"
	casKey         act = "cas"
	removeKey      act = "remove"
)

func (a act) reads() bool { return a == readConsistent || a == readDefault }

// outcome is what the client was told.
type outcome string

const (
	done    outcome = "done"    // the verdict of a write, or what a read saw, is known
	unknown outcome = "unknown" // a write that may happen at any time from its call on, or never
	nothing outcome = "nothing" // a write that is said not to have happened, or a read without an answer
)

// version is a value with the index at which it was written; the zero version is no key at all.
type version struct {
	value string
	index uint64
}

// operation is what a client asked of one key, and what it was told. Values are
// unique, so a value tells which write made it.
type operation struct {
	client  int
	act     act
	key     string
	value   string  // that it writes; empty: none, the key goes
	base    version // that a cas wants to replace
	call    int64   // ns
	ret     int64   // ns
	outcome outcome
	ok      bool    // of a cas that is done: it replaced base
	saw     version // by a read that is done
	agent   string  // that was asked
}

// String is the operation as one line of a report.
func (o *operation) String() string {
	text := fmt.Sprintf("%9.3f-%9.3f ms %s at %s, client %d: %s", float64(o.call)/1e6, float64(o.ret)/1e6, o.key, o.agent, o.client, o.act)
	switch {
	case o.act.reads():
		return fmt.Sprintf("%s: %s sees %q of %d", text, o.outcome, o.saw.value, o.saw.index)
	case o.act == casKey:
		return fmt.Sprintf("%s %q of %d to %q: %s %t", text, o.base.value, o.base.index, o.value, o.outcome, o.ok)
	}
	return fmt.Sprintf("%s %q: %s", text, o.value, o.outcome)
}

// step is the sequential specification: a key is its value, "" when there is none.
func step(state, input, _ any) (bool, any) {
	now, o := state.(string), input.(*operation)
	holds := o.base.value == now
	switch {
	case o.act.reads():
		return o.saw.value == now, now
	case o.act != casKey:
		return true, o.value
	case o.outcome == unknown && !holds:
		return true, now
	case o.outcome == unknown || o.ok:
		return holds, o.value
	}
	return !holds, now
}

// keyModel is one key; histories are cut by keys.
var keyModel = porcupine.Model{
	Init: func() any { return "" }, Step: step,
	Partition: func(all []porcupine.Operation) (out [][]porcupine.Operation) {
		by := map[string][]porcupine.Operation{}
		for _, o := range all {
			key := o.Input.(*operation).key
			by[key] = append(by[key], o)
		}
		for _, part := range by {
			out = append(out, part)
		}
		return out
	},
}

// linearize looks for an order in which the operations could have taken place one
// by one. lease is how much older than its call a default read may be. Of a history that has
// none, and of one that took too long, the second result tells where.
func linearize(ops []*operation, lease, patience time.Duration) (porcupine.CheckResult, string) {
	intervals := intervalsOf(ops, lease)
	verdict := porcupine.CheckOperationsTimeout(keyModel, intervals, patience)
	if verdict == porcupine.Ok {
		return verdict, ""
	}
	for _, part := range keyModel.Partition(intervals) {
		if v, info := porcupine.CheckOperationsVerbose(keyModel, part, patience/10); v != porcupine.Ok {
			return verdict, fmt.Sprintf("%s: %s", v, stuck(part, info))
		}
	}
	return verdict, "every key by itself is in order; all together took too long"
}

// intervalsOf says when each operation can have taken place. Those that did not are left out.
func intervalsOf(ops []*operation, lease time.Duration) (out []porcupine.Operation) {
	seen := map[string]int64{} // when each value was known to be there
	note := func(value string, at int64) {
		if was, ok := seen[value]; value != "" && (!ok || at < was) {
			seen[value] = at
		}
	}
	for _, o := range ops {
		switch {
		case o.outcome == done && o.act.reads():
			note(o.saw.value, o.ret)
		case o.outcome == done && o.act == casKey && o.ok:
			note(o.base.value, o.ret)
		}
	}
	for _, o := range ops {
		if o.outcome == nothing {
			continue
		}
		p := porcupine.Operation{ClientId: o.client, Input: o, Call: o.call, Return: o.ret}
		if o.outcome == unknown {
			// Before somebody saw what it wrote, if anybody did; this saves the checker most of its work.
			p.Return = math.MaxInt64
			if at, ok := seen[o.value]; ok {
				p.Return = max(at, o.call)
			}
		}
		if o.act == readDefault {
			p.Call = max(0, p.Call-lease.Nanoseconds())
		}
		out = append(out, p)
	}
	return out
}

// stuck describes where the longest order that was found ends.
func stuck(part []porcupine.Operation, info porcupine.LinearizationInfo) string {
	longest := []porcupine.Operation{}
	for _, partial := range info.PartialLinearizationsOperations()[0] {
		if len(partial) > len(longest) {
			longest = partial
		}
	}
	in := map[*operation]bool{}
	for _, o := range longest {
		in[o.Input.(*operation)] = true
	}
	var left []string
	for _, o := range slices.SortedFunc(slices.Values(part), func(a, b porcupine.Operation) int { return cmp.Compare(a.Call, b.Call) }) {
		if op := o.Input.(*operation); !in[op] && len(left) < 12 {
			left = append(left, op.String())
		}
	}
	lines := []string{fmt.Sprintf("%d of %d operations have an order; the last of it, then what has no place in it:", len(longest), len(part))}
	for _, o := range longest[max(0, len(longest)-12):] {
		lines = append(lines, o.Input.(*operation).String())
	}
	return strings.Join(append(append(lines, "--"), left...), "\n")
}
