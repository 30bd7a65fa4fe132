package top

import (
	"cmp"
	"slices"
	"strings"
)

// worstFirst orders by how bad things are, then by how lately they changed, then by name.
func worstFirst(a, b level, at, bt turn, names int) int {
	return cmp.Or(cmp.Compare(b, a), bt.at.Compare(at.at), cmp.Compare(bt.index, at.index), names)
}

// listed returns the services that a filter leaves, in order.
func (c *cluster) listed(keep func(string) bool, failing bool) []*service {
	out := make([]*service, 0, len(c.services))
	for _, s := range c.services {
		if (!failing || s.level() > passing) && keep(s.name) {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b *service) int {
		return worstFirst(a.level(), b.level(), a.turn, b.turn, strings.Compare(a.name, b.name))
	})
	return out
}

// listed returns the instances that a filter leaves, in order. Nil has none.
func (s *service) listed(keep func(string) bool, failing bool) []*instance {
	if s == nil {
		return nil
	}
	out := make([]*instance, 0, len(s.instances))
	for i := range s.instances {
		if (!failing || i.level > passing) && keep(i.id+" "+i.node.name+" "+i.endpoint()) {
			out = append(out, i)
		}
	}
	slices.SortFunc(out, func(a, b *instance) int {
		return worstFirst(a.level, b.level, a.turn, b.turn, cmp.Or(strings.Compare(a.node.name, b.node.name), strings.Compare(a.id, b.id)))
	})
	return out
}

// listed returns the checks that an instance's health hangs on, in order.
func (i *instance) listed() []*check {
	var out []*check
	for _, of := range []map[string]*check{i.checks, i.node.own} {
		for _, c := range of {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b *check) int { return cmp.Or(cmp.Compare(b.level, a.level), strings.Compare(a.id, b.id)) })
	return out
}

// matcher keeps texts that have each of the words, whatever their case.
func matcher(words string) func(string) bool {
	wanted := strings.Fields(strings.ToLower(words))
	return func(text string) bool {
		if len(wanted) == 0 {
			return true
		}
		text = strings.ToLower(text)
		return !slices.ContainsFunc(wanted, func(w string) bool { return !strings.Contains(text, w) })
	}
}
