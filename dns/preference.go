package dns

import (
	"cmp"
	"math"
	"slices"
	"time"

	"muster/catalog"
)

// maxRank bounds the ranks within a priority: those farther away are all alike. With a
// priority of 16 bits before it a rank still makes an int of 32.
const maxRank = 1<<15 - 1

// Preference tells what the distance from this agent did to the instances of an answer. The
// zero Preference: nothing.
type Preference struct {
	// From is the node by whose distance they were ordered; empty: they were not.
	From string
	// Kept of so many instances that could have been answered are in Within, a zone or a region, which had enough.
	Kept, Of int
	Within   string
}

// prefer orders candidates for a record by their distance from this agent, and leaves out
// those too far away, as far as that is configured. It does not change its argument.
func (l *lookup) prefer(set []candidate) []candidate {
	sorts := l.cfg.SortByRTT && catalog.EqualFold(l.dc, l.cfg.Datacenter) // nodes of others have no distance
	cuts := l.cfg.PreferLocal && l.cfg.Locality.Region != ""
	if !l.prefers || !sorts && !cuts || len(set) == 0 {
		return set
	}
	far := make([]distance, len(set))
	if cuts {
		set, far = l.nearby(set)
	}
	if sorts {
		l.measure(set, far)
	}
	ranks := slices.SortedFunc(slices.Values(far), distance.compare)
	ranks = slices.Compact(ranks)
	out := slices.Clone(set)
	for i := range out {
		rank, _ := slices.BinarySearchFunc(ranks, far[i], distance.compare)
		out[i].order = out[i].priority()*(maxRank+1) + min(rank, maxRank)
	}
	return out
}

// distance is how far away an instance is: what is compared first stands first.
type distance struct {
	tier catalog.Tier
	rtt  time.Duration
}

func (d distance) compare(o distance) int {
	return cmp.Or(cmp.Compare(d.tier, o.tier), cmp.Compare(d.rtt, o.rtt))
}

// nearby returns, of each priority, the candidates in this agent's zone if enough of them
// pass, else those in its region, else all; and how far away each is.
func (l *lookup) nearby(set []candidate) (kept []candidate, far []distance) {
	type group struct{ passing [catalog.Elsewhere + 1]int }
	groups, tiers := map[int]*group{}, make([]catalog.Tier, len(set))
	for i, c := range set {
		tiers[i] = l.cfg.Locality.To(c.Locality())
		g := groups[c.priority()]
		if g == nil {
			g = &group{}
			groups[c.priority()] = g
		}
		if c.Status() == catalog.Passing {
			g.passing[tiers[i]]++
		}
	}
	widest := catalog.SameZone
	for i, c := range set {
		g, most := groups[c.priority()], catalog.SameZone
		for enough := g.passing[most]; enough < l.cfg.PreferLocalMin && most < catalog.Elsewhere; {
			most++
			enough += g.passing[most]
		}
		if tiers[i] > most {
			c.seen.become(NotLocal)
			continue
		}
		widest = max(widest, most)
		kept, far = append(kept, c), append(far, distance{tier: tiers[i]})
	}
	l.step.keptNear(l.cfg.Locality, widest, len(kept), len(set))
	return kept, far
}

// measure fills in the estimated round trips.
func (l *lookup) measure(set []candidate, far []distance) {
	near := l.snap.Near(l.cfg.Node)
	for i, c := range set {
		rtt, known := near.RTT(c.Node.Name)
		if known {
			c.seen.measured(rtt)
		} else {
			rtt = math.MaxInt64
		}
		far[i].rtt = rtt
	}
	if l.step != nil {
		l.step.Preference.From = l.cfg.Node
	}
}

// keptNear records what preferring near ones left.
func (s *Step) keptNear(l catalog.Locality, widest catalog.Tier, kept, of int) {
	if s == nil || kept == of {
		return
	}
	p := &s.Preference
	p.Kept, p.Of = p.Kept+kept, p.Of+of
	switch widest {
	case catalog.SameZone:
		p.Within = "zone " + l.Zone + " of region " + l.Region
	case catalog.SameRegion:
		p.Within = "region " + l.Region
	default:
		p.Within = "zone or region of their priority"
	}
}
