package dns

import (
	"math"
	"math/rand/v2"
	"slices"
)

// choose returns k of the indexes of weights in random order. All of them are
// shuffled uniformly; a part is drawn without replacement, by weight. Weight 0
// is drawn only when nothing else is left (RFC 2782: a very small chance).
func choose(rng *rand.Rand, weights []int, k int) []int {
	order := make([]int, len(weights))
	for i := range order {
		order[i] = i
	}
	if k >= len(order) {
		rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		return order
	}
	// The smallest of exponential variates with rates w belongs to i with probability
	// w[i]/sum(w), the next smallest likewise among the rest (Efraimidis and Spirakis).
	keys := make([]float64, len(weights))
	for i, w := range weights {
		keys[i] = rng.ExpFloat64() / float64(w)
		if w <= 0 {
			keys[i] = math.MaxFloat64 * (1 - rng.Float64()/2)
		}
	}
	slices.SortFunc(order, func(a, b int) int {
		switch {
		case keys[a] < keys[b]:
			return -1
		case keys[a] > keys[b]:
			return 1
		}
		return 0
	})
	return order[:k]
}
