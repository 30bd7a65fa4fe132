// Package percentile tells what most of many durations do not exceed.
package percentile

import (
	"math"
	"time"
)

// Of returns the least of a sorted list that at least p percent of it do not
// exceed (the nearest rank, so always one of the list); 0 of an empty list.
func Of(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(float64(len(sorted)) * p / 100))
	return sorted[min(max(rank, 1), len(sorted))-1]
}
