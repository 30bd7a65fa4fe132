package local

import (
	"iter"

	"muster/catalog"
)

// maxBatchBytes is about how large one raft entry of a pass may grow. A single
// registration may be larger; it is not taken apart, so that an instance never
// appears without its checks.
const maxBatchBytes = 128 << 10

// batches splits steps into runs that each fit one raft entry, in order.
func batches(steps []step) iter.Seq[[]step] {
	return func(yield func([]step) bool) {
		start, size := 0, 0
		for i := range steps {
			w := weight(&steps[i])
			if size > 0 && size+w > maxBatchBytes {
				if !yield(steps[start:i]) {
					return
				}
				start, size = i, 0
			}
			size += w
		}
		if start < len(steps) {
			yield(steps[start:])
		}
	}
}

// rowBytes is about what a row weighs beside its texts.
const rowBytes = 256

func weight(s *step) int {
	w := rowBytes
	for _, c := range s.writes.checks {
		if c != nil {
			w += rowBytes + len(c.Output) + len(c.Notes)
		}
	}
	for _, i := range s.writes.instances {
		w += weightOf(i)
	}
	return w
}

func weightOf(i *catalog.Instance) int {
	if i == nil {
		return rowBytes
	}
	w := rowBytes
	for _, t := range i.Tags {
		w += len(t)
	}
	for k, v := range i.Meta {
		w += len(k) + len(v)
	}
	return w
}
