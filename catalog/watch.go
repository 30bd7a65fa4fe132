package catalog

import (
	"net/netip"
	"sync"
)

// watches tells readers of writes. A watch key is what a reader may watch, hashed;
// keys share a fixed number of buckets and buckets have one channel each. So a
// channel may close for the sake of another key, and what is not watched costs nothing.
// With a channel in every bucket they take some 4 MiB.
type watches struct {
	locks   [64]sync.Mutex // of the buckets, in turn
	buckets [1 << 15]bucket
}

type bucket struct {
	told    uint64        // the last batch that touched a key of it
	changed chan struct{} // nil while nobody watches
}

// channel returns a channel that is closed when a batch later than seen touches
// key. If one already has, that was missed, so the channel is closed.
func (w *watches) channel(key watchKey, seen uint64) <-chan struct{} {
	b, mu := w.bucket(key)
	mu.Lock()
	defer mu.Unlock()
	if b.told > seen {
		return closed
	}
	if b.changed == nil {
		b.changed = make(chan struct{})
	}
	return b.changed
}

// tell closes the channels of keys that a batch touched. The batch's rows are published by now.
func (w *watches) tell(batch uint64, keys []watchKey) {
	for _, key := range keys {
		b, mu := w.bucket(key)
		mu.Lock()
		b.tell(batch)
		mu.Unlock()
	}
}

// tellAll closes all channels.
func (w *watches) tellAll(batch uint64) {
	for i := range w.buckets {
		b, mu := w.bucket(watchKey(i))
		mu.Lock()
		b.tell(batch)
		mu.Unlock()
	}
}

func (w *watches) bucket(key watchKey) (*bucket, *sync.Mutex) {
	i := int(key % watchKey(len(w.buckets)))
	return &w.buckets[i], &w.locks[i%len(w.locks)]
}

func (b *bucket) tell(batch uint64) {
	if b.told == batch {
		return
	}
	b.told = batch
	if b.changed != nil {
		close(b.changed)
		b.changed = nil
	}
}

// watch returns a channel that is closed when what the snapshot says about key may have changed.
func (s *Snapshot) watch(key watchKey) <-chan struct{} {
	return s.moment.state.watches.channel(key, s.batch)
}

// watchKey is the hash of something to watch, by FNV-1a: that can be carried on
// octet by octet, as the prefixes of a key need it.
type watchKey uint64

const (
	fnvBasis watchKey = 14695981039346656037
	fnvPrime watchKey = 1099511628211
)

func (k watchKey) octet(b byte) watchKey { return (k ^ watchKey(b)) * fnvPrime }

func (k watchKey) text(s string) watchKey {
	for i := range len(s) {
		k = k.octet(s[i])
	}
	return k
}

// folded is text of Fold(s).
func (k watchKey) folded(s string) watchKey {
	for i := range len(s) {
		k = k.octet(foldOctet(s[i]))
	}
	return k
}

// watchedAs begins the key of a kind of thing.
func watchedAs(of byte) watchKey { return fnvBasis.octet(of) }

func watchResource(resource string) watchKey { return watchedAs('r').text(resource) }
func watchNode(name string) watchKey         { return watchedAs('n').folded(name) }
func watchAnyInstance() watchKey             { return watchedAs('i') }
func watchAnyRow() watchKey                  { return watchedAs('v') } // of nodes, instances and checks
func watchNodesAt(a netip.Addr) watchKey     { return watchedAs('a').address(a) }
func watchInstancesAt(a netip.Addr) watchKey { return watchedAs('b').address(a) }
func watchChecksOf(node, id string) watchKey { return watchedAs('c').folded(node).octet(0).text(id) }
func watchAutopilot() watchKey               { return watchedAs('o') }
func watchObserving() watchKey               { return watchedAs('w') }
func watchDelays() watchKey                  { return watchedAs('d') }
func watchAnyGuard() watchKey                { return watchedAs('g') }
func watchGuards(service string) watchKey    { return watchedAs('t').folded(service) }
func watchPair(key string) watchKey          { return watchedAs('k').text(key) }

func (k watchKey) address(a netip.Addr) watchKey {
	for _, b := range a.Unmap().As16() {
		k = k.octet(b)
	}
	return k
}

// maxWatchedPrefix bounds how many buckets a write of a long key touches. Longer
// prefixes are watched as what they begin with.
const maxWatchedPrefix = 128

func watchPairs(prefix string) watchKey {
	return watchedAs('p').text(prefix[:min(len(prefix), maxWatchedPrefix)])
}

// touchPair touches the watches of a key and of all its prefixes.
func touchPair(key string, touch func(watchKey)) {
	touch(watchPair(key))
	prefix := watchedAs('p')
	touch(prefix)
	for i := range min(len(key), maxWatchedPrefix) {
		prefix = prefix.octet(key[i])
		touch(prefix)
	}
}
