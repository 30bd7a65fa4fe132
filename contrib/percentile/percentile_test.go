package percentile

import (
	"testing"
	"time"
)

func TestOf(t *testing.T) {
	upTo := func(n int) (all []time.Duration) {
		for i := range n {
			all = append(all, time.Duration(i+1))
		}
		return all
	}
	for _, c := range []struct {
		n    int // the list is 1, 2, ... n
		p    float64
		want time.Duration
	}{
		{0, 50, 0}, {0, 99, 0},
		{1, 0, 1}, {1, 50, 1}, {1, 99, 1}, {1, 100, 1},
		{2, 50, 1}, {2, 51, 2},
		{20, 50, 10}, {20, 95, 19}, {20, 99, 20},
		{200, 0, 1}, {200, 50, 100}, {200, 99, 198}, {200, 99.5, 199}, {200, 100, 200},
	} {
		if got := Of(upTo(c.n), c.p); got != c.want {
			t.Errorf("p%v of 1 to %d is %d, want %d", c.p, c.n, got, c.want)
		}
	}
}
