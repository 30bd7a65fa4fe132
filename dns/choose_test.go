package dns

import (
	"math/rand/v2"
	"testing"
)

// chiSquared is the statistic of counts against what was expected.
func chiSquared(counts []int, expected []float64) float64 {
	x := 0.0
	for i, n := range counts {
		d := float64(n) - expected[i]
		x += d * d / expected[i]
	}
	return x
}

// TestChooseIsFair draws with a fixed seed. The bounds are the 99.9 % points of the
// chi-squared distribution for 9 and 3 degrees of freedom.
func TestChooseIsFair(t *testing.T) {
	const draws = 20000
	rng := rand.New(rand.NewPCG(1, 2))

	even, first := make([]int, 10), make([]float64, 10)
	for range draws {
		even[choose(rng, []int{9, 1, 1, 1, 1, 1, 1, 1, 1, 1}, 10)[0]]++
	}
	for i := range first {
		first[i] = draws / 10.0
	}
	if x := chiSquared(even, first); x > 27.9 {
		t.Errorf("all of them: first places %v, chi-squared %.1f", even, x)
	}

	byWeight := make([]int, 4)
	for range draws {
		byWeight[choose(rng, []int{10, 3, 1, 6}, 1)[0]]++
	}
	if x := chiSquared(byWeight, []float64{draws * .5, draws * .15, draws * .05, draws * .3}); x > 16.3 {
		t.Errorf("one by weight: %v, chi-squared %.1f", byWeight, x)
	}
}

func TestChoose(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		got := choose(rng, []int{5, 0, 5, 0}, 2)
		if got[0]%2 != 0 || got[1]%2 != 0 || got[0] == got[1] {
			t.Fatalf("drew %v: weight 0 comes last", got)
		}
	}
	zeros := map[int]int{}
	for range 1000 {
		zeros[choose(rng, []int{0, 0, 0}, 1)[0]]++
	}
	if len(zeros) != 3 {
		t.Errorf("among weights of 0 drew only %v", zeros)
	}
	if got := choose(rng, nil, 3); len(got) != 0 {
		t.Errorf("drew %v of nothing", got)
	}
}
