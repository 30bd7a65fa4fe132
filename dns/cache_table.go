package dns

import (
	"bytes"
	"math/bits"
	"math/rand/v2"
)

// answerSlot is one place of a table.
type answerSlot struct {
	hash uint64
	used uint64 // turn of the cache at which it was last found, or kept
	*image
}

// is reports whether the slot holds the image of a question.
func (s *answerSlot) is(hash uint64, key []byte) bool {
	return s.image != nil && s.hash == hash && bytes.Equal(s.key(), key)
}

// answerTable is a hash table with linear probing. It grows with what it holds and is
// bounded in bytes: above that, images that were not used for long make place.
type answerTable struct {
	slots []answerSlot // a power of two, half of them free at least
	count int
	bytes int
	most  int // bytes
}

const firstSlots = 64

// find returns the slot of a question, or nil.
func (t *answerTable) find(hash uint64, key []byte) *answerSlot {
	if t.count == 0 {
		return nil
	}
	mask := uint64(len(t.slots) - 1)
	for i := hash & mask; t.slots[i].image != nil; i = (i + 1) & mask {
		if t.slots[i].is(hash, key) {
			return &t.slots[i]
		}
	}
	return nil
}

// keep holds on to an image. One larger than all there is room for is not kept.
func (t *answerTable) keep(s answerSlot, rng *rand.PCG) {
	if s.size > t.most {
		return
	}
	if old := t.find(s.hash, s.key()); old != nil {
		t.bytes += s.size - old.size
		*old = s
	} else {
		if 2*(t.count+1) > len(t.slots) {
			t.grow()
		}
		t.put(s)
		t.count++
		t.bytes += s.size
	}
	for t.bytes > t.most {
		t.evict(rng)
	}
}

// put fills the first free slot from where the hash points.
func (t *answerTable) put(s answerSlot) {
	mask := uint64(len(t.slots) - 1)
	i := s.hash & mask
	for t.slots[i].image != nil {
		i = (i + 1) & mask
	}
	t.slots[i] = s
}

func (t *answerTable) grow() {
	old := t.slots
	t.slots = make([]answerSlot, max(2*len(old), firstSlots))
	for _, s := range old {
		if s.image != nil {
			t.put(s)
		}
	}
}

// evict drops one image of a few met at random: the one unused for the longest. Those
// asked for all the time stay, whatever a stranger makes up meanwhile.
func (t *answerTable) evict(rng *rand.PCG) {
	const sample = 8
	mask := uint64(len(t.slots) - 1)
	at, _ := bits.Mul64(rng.Uint64(), uint64(len(t.slots)))
	oldest := at
	for seen := 0; seen < min(sample, t.count); at = (at + 1) & mask {
		s := &t.slots[at]
		if s.image == nil {
			continue
		}
		if seen == 0 || s.used < t.slots[oldest].used {
			oldest = at
		}
		seen++
	}
	t.drop(oldest)
}

// remove drops the image of a question, if it is there.
func (t *answerTable) remove(hash uint64, key []byte) {
	if t.find(hash, key) == nil {
		return
	}
	mask := uint64(len(t.slots) - 1)
	i := hash & mask
	for !t.slots[i].is(hash, key) {
		i = (i + 1) & mask
	}
	t.drop(i)
}

// drop frees a slot, and moves up those behind it that could not have theirs because of it.
func (t *answerTable) drop(free uint64) {
	mask := uint64(len(t.slots) - 1)
	t.bytes -= t.slots[free].size
	t.count--
	for i := (free + 1) & mask; t.slots[i].image != nil; i = (i + 1) & mask {
		if (i-t.slots[i].hash)&mask >= (i-free)&mask {
			t.slots[free] = t.slots[i]
			free = i
		}
	}
	t.slots[free] = answerSlot{}
}

// answerShelf holds images of questions that anybody can make up: names that do not exist,
// addresses spelled as names. It never grows, and what comes takes the place of what was there.
type answerShelf struct {
	slots []answerSlot // pairs: a question has two places
}

const (
	shelfSlots = 4096
	// shelfImage is the largest image a shelf takes, in bytes. All of them together stay below 8 MiB.
	shelfImage = 2048
)

func (t *answerShelf) pair(hash uint64) []answerSlot {
	if t.slots == nil {
		t.slots = make([]answerSlot, shelfSlots)
	}
	at := hash % (shelfSlots / 2) * 2
	return t.slots[at : at+2]
}

// find returns the slot of a question, or nil.
func (t *answerShelf) find(hash uint64, key []byte) *answerSlot {
	pair := t.pair(hash)
	for i := range pair {
		if pair[i].is(hash, key) {
			return &pair[i]
		}
	}
	return nil
}

// keep holds on to an image, in the place of the one unused for longer.
func (t *answerShelf) keep(s answerSlot) {
	if s.size > shelfImage {
		return
	}
	if old := t.find(s.hash, s.key()); old != nil {
		*old = s
		return
	}
	pair := t.pair(s.hash)
	at := 0
	if pair[1].used < pair[0].used {
		at = 1
	}
	pair[at] = s
}
