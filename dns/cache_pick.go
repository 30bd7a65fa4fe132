package dns

import (
	"math/bits"
	"math/rand/v2"
	"slices"
	"sort"
)

// ways says how records are drawn, as [byPriority] draws them: group after group,
// each shuffled uniformly; of the group in which the limit falls, a part by weight.
type ways struct {
	keep   int      // how many of the records an answer holds
	ends   []uint32 // where each group ends; records stand in the order of their groups
	sums   []uint64 // of the last group, if part of it is drawn: the weights before each record, and all; else nil
	zeroes []uint32 // of that group, the records of weight 0: they come when nothing else is left
}

// newWays returns how keep of the records of shares are drawn. The shares stand in the order of their priorities.
func newWays(shares []share, keep int) ways {
	w := ways{keep: min(keep, len(shares))}
	from := 0
	for i := range shares {
		if i+1 < len(shares) && shares[i+1].priority == shares[i].priority {
			continue
		}
		w.ends = append(w.ends, uint32(i+1))
		if i+1 > w.keep {
			w.weigh(shares, from)
		}
		if i+1 >= w.keep {
			break
		}
		from = i + 1
	}
	return w
}

// weigh prepares the draw from the last group, which begins at from.
func (w *ways) weigh(shares []share, from int) {
	sum := uint64(0)
	for i, s := range shares[from:w.ends[len(w.ends)-1]] {
		w.sums = append(w.sums, sum)
		sum += uint64(max(s.weight, 0))
		if s.weight <= 0 {
			w.zeroes = append(w.zeroes, uint32(from+i))
		}
	}
	w.sums = append(w.sums, sum)
}

// picker draws records in a time that does not depend on how many there are to
// choose from, and without allocating. It is one worker's own.
type picker struct {
	rng     *rand.PCG
	order   []uint32 // the identity between two draws: order[i] == i
	picks   []uint32
	swapped []uint32
	taken   []span
}

// span is the part of the sum of all weights that one record holds.
type span struct{ from, size uint64 }

// below returns a number in [0, n), n > 0. The bias of n/2^64 shows to nobody.
func (p *picker) below(n uint64) uint64 {
	hi, _ := bits.Mul64(p.rng.Uint64(), n)
	return hi
}

// shuffle returns most of the numbers below n, drawn at random. They are the picker's until the next draw.
func (p *picker) shuffle(n, most int) []uint32 {
	p.reserve(n, most)
	p.uniform(0, n, most)
	return p.picks
}

// pick returns the first most records of a fresh draw. They are the picker's until the next one.
func (p *picker) pick(w *ways, most int) []uint32 {
	p.reserve(int(w.ends[len(w.ends)-1]), most)
	from := 0
	for g, end := range w.ends {
		k := min(most-len(p.picks), int(end)-from)
		if w.sums != nil && g == len(w.ends)-1 {
			p.byWeight(w, from, k)
		} else {
			p.uniform(from, int(end), k)
		}
		if from = int(end); len(p.picks) == most {
			break
		}
	}
	return p.picks
}

// reserve makes room for a draw of most out of n.
func (p *picker) reserve(n, most int) {
	for i := len(p.order); i < n; i++ {
		p.order = append(p.order, uint32(i))
	}
	if p.picks = p.picks[:0]; cap(p.picks) < most {
		p.picks, p.swapped = make([]uint32, 0, most), make([]uint32, 0, most)
	}
}

// uniform picks k of the numbers in [from, end): the first steps of Fisher and Yates'
// shuffle, which are undone afterwards.
func (p *picker) uniform(from, end, k int) {
	p.swapped = p.swapped[:0]
	for i := from; i < from+k; i++ {
		j := uint32(i) + uint32(p.below(uint64(end-i)))
		p.picks = append(p.picks, p.order[j])
		p.order[j] = p.order[i]
		p.swapped = append(p.swapped, j)
	}
	for _, j := range p.swapped {
		p.order[j] = j
	}
}

// byWeight picks k records of the last group, which begins at from, each with the
// probability of its weight among those that are left. What was taken is skipped: the
// sums say where a record would stand, and every span before it moves it on.
func (p *picker) byWeight(w *ways, from, k int) {
	left := w.sums[len(w.sums)-1]
	p.taken = p.taken[:0]
	for ; k > 0 && left > 0; k-- {
		at, n := p.below(left), 0
		for n < len(p.taken) && p.taken[n].from <= at {
			at += p.taken[n].size
			n++
		}
		i := sort.Search(len(w.sums), func(i int) bool { return w.sums[i] > at }) - 1
		s := span{w.sums[i], w.sums[i+1] - w.sums[i]}
		p.taken = slices.Insert(p.taken, n, s)
		left -= s.size
		p.picks = append(p.picks, uint32(from+i))
	}
	if k > 0 {
		first := len(p.picks)
		p.uniform(0, len(w.zeroes), k)
		for i := range p.picks[first:] {
			p.picks[first+i] = w.zeroes[p.picks[first+i]]
		}
	}
}
