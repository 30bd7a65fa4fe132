package observe

import (
	"muster/catalog"
)

// Assign says which agents observe which checks. Every agent that has the same rows comes to the
// same result, so nobody has to tell anybody.
//
// Each check ranks the observers by a hash of its own and theirs (rendezvous hashing) and takes the
// first ones that have room. So checks spread evenly; when an observer goes only what it had
// moves, and when one comes it takes its share and nothing else moves, as long as there is room. The
// agent of a check's node, which owned tells of, is one of its observers anyway and takes none of this.
//
// checks and observers are in the order of the catalog. short is how many assignments
// found no room, or nobody.
func Assign(checks []*catalog.Check, observers []*catalog.Node, owned func(node string) bool, each func(check, observer int)) (short int) {
	room := make([]int, len(observers))
	names := make([]uint64, len(observers))
	for i, o := range observers {
		room[i], names[i] = o.Observes(), hash(fnvBasis, catalog.Fold(o.Name))
	}
	scores := make([]uint64, len(observers))
	for k, c := range checks {
		wanted := max(c.Definition.Observers, 1)
		if owned(c.Node) {
			wanted--
		}
		if wanted == 0 {
			continue
		}
		of := hash(hash(hash(fnvBasis, catalog.Fold(c.Node)), "\x00"), c.ID)
		for i, o := range observers {
			scores[i] = 0 // not to be taken
			if room[i] > 0 && !catalog.EqualFold(o.Name, c.Node) {
				scores[i] = mix(names[i]^mix(of)) | 1
			}
		}
		for ; wanted > 0; wanted-- {
			best := highest(scores)
			if best < 0 {
				break
			}
			scores[best] = 0
			room[best]--
			each(k, best)
		}
		if len(observers) == 0 || wanted > 0 && full(room) {
			short += wanted
		}
	}
	return short
}

// highest returns the place of the highest score, the first among equals; -1: all are 0.
func highest(scores []uint64) int {
	best := -1
	for i, s := range scores {
		if s > 0 && (best < 0 || s > scores[best]) {
			best = i
		}
	}
	return best
}

// full reports whether an observer has no room any more, so that it is not for want of agents that one is short.
func full(room []int) bool {
	for _, r := range room {
		if r == 0 {
			return true
		}
	}
	return false
}

const (
	fnvBasis = 14695981039346656037
	fnvPrime = 1099511628211
)

// hash goes on with FNV-1a. It must never change: agents of two versions would disagree.
func hash(h uint64, s string) uint64 {
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * fnvPrime
	}
	return h
}

// mix spreads each bit of a hash over all of it, as names that differ in the last letter need.
func mix(h uint64) uint64 {
	h ^= h >> 30
	h *= 0xbf58476d1ce4e5b9
	h ^= h >> 27
	h *= 0x94d049bb133111eb
	return h ^ h>>31
}
