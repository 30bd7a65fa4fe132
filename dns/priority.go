package dns

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// share is what decides how a record takes part in a choice.
type share struct {
	priority int // lower ones are chosen first
	weight   int // among those of one priority
}

func (c candidate) share() share { return share{priority: c.order, weight: c.weight} }

// priority is that of the candidate's SRV record (RFC 2782).
func (c candidate) priority() int { return min(max(c.Instance.Priority(), 0), 65535) }

func shares(in []candidate) []share {
	out := make([]share, len(in))
	for i, c := range in {
		out[i] = c.share()
	}
	return out
}

// better reports whether a is chosen before b.
func better(a, b share) bool {
	return a.priority < b.priority || a.priority == b.priority && a.weight > b.weight
}

// together is the share of a record that two instances have in common: it is as
// good as the better of them, and of equals it weighs as much as both.
func (s share) together(o share) share {
	switch {
	case o.priority < s.priority:
		return o
	case o.priority == s.priority:
		s.weight += o.weight
	}
	return s
}

// byPriority returns k of the indexes of shares: all of the lowest priority before any
// of the next. Within a priority [choose] rules; where the cut falls, weights decide.
func byPriority(rng *rand.Rand, shares []share, k int) []int {
	order := make([]int, len(shares))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(shares[a].priority, shares[b].priority) })
	out := make([]int, 0, min(k, len(order)))
	for len(order) > 0 && len(out) < k {
		n := 1
		for n < len(order) && shares[order[n]].priority == shares[order[0]].priority {
			n++
		}
		weights := make([]int, n)
		for i, at := range order[:n] {
			weights[i] = shares[at].weight
		}
		for _, i := range choose(rng, weights, k-len(out)) {
			out = append(out, order[i])
		}
		order = order[n:]
	}
	return out
}
