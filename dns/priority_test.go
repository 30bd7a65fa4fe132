package dns

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestByPriority draws every number of records, with a fixed seed.
func TestByPriority(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	set := []share{{10, 5}, {1, 0}, {10, 0}, {2, 7}, {1, 3}, {65535, 9}}
	classes := []int{1, 1, 2, 10, 10, 65535}
	for range 200 {
		for k := range len(set) + 2 {
			got := byPriority(rng, set, k)
			var priorities []int
			seen := map[int]bool{}
			for _, i := range got {
				priorities = append(priorities, set[i].priority)
				seen[i] = true
			}
			if want := classes[:min(k, len(set))]; !slices.Equal(priorities, want) || len(seen) != len(want) {
				t.Fatalf("%d of them: %v with priorities %v, want %v", k, got, priorities, want)
			}
			if k == 1 && got[0] != 4 {
				t.Fatalf("drew %v: weight 0 comes last within a priority", got)
			}
			if k == 4 && got[3] != 0 {
				t.Fatalf("drew %v: weight 0 comes last where the cut falls", got)
			}
		}
	}
	if got := byPriority(rng, nil, 3); len(got) != 0 {
		t.Errorf("drew %v of nothing", got)
	}
}

// TestByPriorityIsFair: where the cut falls, weights decide; a class that fits whole is shuffled
// uniformly. The bounds are the 99.9 % points of chi-squared for 2 degrees of freedom.
func TestByPriorityIsFair(t *testing.T) {
	const draws = 30000
	rng := rand.New(rand.NewPCG(7, 8))
	set := []share{{5, 8}, {1, 1}, {5, 3}, {1, 100}, {5, 1}, {1, 10}}
	first, cut := make([]int, 3), make([]int, 3)
	for range draws {
		got := byPriority(rng, set, 4)
		first[(got[0]-1)/2]++
		cut[got[3]/2]++
	}
	if x := chiSquared(first, []float64{draws / 3.0, draws / 3.0, draws / 3.0}); x > 13.8 {
		t.Errorf("first places %v, chi-squared %.1f", first, x)
	}
	if x := chiSquared(cut, []float64{draws * 8 / 12., draws * 3 / 12., draws * 1 / 12.}); x > 13.8 {
		t.Errorf("last places %v, chi-squared %.1f", cut, x)
	}
}

func TestTogether(t *testing.T) {
	for _, c := range [][3]share{
		{{1, 5}, {1, 3}, {1, 8}},
		{{1, 5}, {2, 9}, {1, 5}},
		{{2, 9}, {1, 5}, {1, 5}},
	} {
		if got := c[0].together(c[1]); got != c[2] {
			t.Errorf("%v and %v make %v, want %v", c[0], c[1], got, c[2])
		}
	}
}
