package agent

import (
	"fmt"
	"slices"
)

// contradictions returns what no order of the operations can excuse: values out of
// nowhere, values of writes that are said not to have happened, and writes that happened twice.
func contradictions(ops []*operation) (out []string) {
	say := func(o *operation, format string, args ...any) {
		out = append(out, fmt.Sprintf(format, args...)+": "+o.String())
	}
	writer, indexOf, wroteAt := map[string]*operation{}, map[string]uint64{}, map[uint64]string{}
	for _, o := range ops {
		if o.value != "" {
			writer[o.value] = o
		}
	}
	for _, o := range ops {
		v := o.saw
		if !o.act.reads() || o.outcome != done || v.value == "" {
			continue
		}
		w := writer[v.value]
		switch {
		case w == nil || w.key != o.key:
			say(o, "nobody wrote this value to this key")
			continue
		case w.call > o.ret:
			say(o, "read before it was written")
		case w.outcome == nothing:
			say(o, "written, though nothing was said to be (%s)", w)
		case w.outcome == done && w.act == casKey && !w.ok:
			say(o, "written, though the cas was said to be refused (%s)", w)
		case w.act == casKey && v.index <= w.base.index:
			say(o, "index not above that of the version it replaced (%s)", w)
		}
		if was, ok := indexOf[v.value]; ok && was != v.index {
			say(o, "written twice, at %d too (%s)", was, w)
		}
		if was, ok := wroteAt[v.index]; ok && was != v.value {
			say(o, "two writes at one index, of %q too", was)
		}
		indexOf[v.value], wroteAt[v.index] = v.index, v.value
	}
	return out
}

// brokenChains follows the versions of keys that are written by cas alone from the
// last one seen to the first: every cas that reported success is in there once, and nothing else
// but some of those whose outcome is unknown. It returns how many it found in their place.
func brokenChains(ops []*operation, chained func(key string) bool) (links int, broken []string) {
	writer, last, acked := map[string]*operation{}, map[string]*operation{}, map[string]map[*operation]bool{}
	passed := map[*operation]bool{}
	for _, o := range ops {
		switch {
		case !chained(o.key):
		case o.act == casKey:
			writer[o.value] = o
			if acked[o.key] == nil {
				acked[o.key] = map[*operation]bool{}
			}
			if o.outcome == done && o.ok {
				acked[o.key][o] = true
			}
		case o.act.reads() && o.outcome == done && (last[o.key] == nil || o.call > last[o.key].call):
			last[o.key] = o
		}
	}
	for key, left := range acked {
		if last[key] == nil {
			broken = append(broken, key+": never read")
			continue
		}
		for value := last[key].saw.value; value != ""; {
			w := writer[value]
			if w == nil {
				broken = append(broken, fmt.Sprintf("%s: nobody wrote %q", key, value))
				break
			}
			if passed[w] || w.outcome != unknown && !left[w] {
				broken = append(broken, "in the chain twice, or though it was refused: "+w.String())
				break
			}
			delete(left, w)
			passed[w] = true
			links++
			value = w.base.value
		}
		for o := range left {
			broken = append(broken, "success was reported, and it is not in the chain: "+o.String())
		}
	}
	slices.Sort(broken)
	return links, broken
}
