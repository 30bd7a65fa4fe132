package compat

import (
	"testing"
	"time"

	"github.com/hashicorp/consul/api"
)

func TestLock(t *testing.T) {
	flows(t, map[string]func(*flow){
		"lock, unlock, destroy": lockUnlock,
		"contention":            lockContention,
		"session lost":          lockSessionLost,
		"try once":              lockTryOnce,
		"conflict of flags":     lockConflict,
		"election recipe":       electionRecipe,
	})
}

func TestSemaphore(t *testing.T) {
	flows(t, map[string]func(*flow){
		"acquire, release, destroy": semaphoreUse,
		"contention":                semaphoreContention,
		"session lost":              semaphoreLost,
	})
}

// soon fails the flow when nothing arrives on a channel.
func soon[T any](f *flow, what string, c <-chan T) (v T) {
	f.Helper()
	select {
	case v = <-c:
	case <-time.After(30 * time.Second):
		f.Fatalf("%s: not within 30 s", what)
	}
	return v
}

func lockUnlock(f *flow) {
	lock, err := f.LockKey(f.key("l"))
	f.ok(err)
	lost, err := lock.Lock(nil)
	f.ok(err)
	if lost == nil {
		f.Fatal("not held")
	}
	_, err = lock.Lock(nil)
	f.is("held twice", err, api.ErrLockHeld)
	pair, _, err := f.KV().Get(f.key("l"), nil)
	f.ok(err)
	if pair.Session == "" || pair.Flags != api.LockFlagValue || pair.LockIndex != 1 {
		f.Errorf("held: %+v", pair)
	}
	f.is("destroyed while held", lock.Destroy(), api.ErrLockHeld)
	f.ok(lock.Unlock())
	soon(f, "told of the loss", lost)
	f.is("unlocked twice", lock.Unlock(), api.ErrLockNotHeld)
	f.ok(lock.Destroy())
	pair, _, err = f.KV().Get(f.key("l"), nil)
	f.ok(err)
	f.is("after destroy", pair, (*api.KVPair)(nil))
}

func lockContention(f *flow) {
	const many = 4
	held := make(chan int, many)
	failed := make(chan error, many)
	for i := range many {
		lock, err := f.LockOpts(&api.LockOptions{Key: f.key("l"), SessionOpts: &api.SessionEntry{LockDelay: time.Millisecond, TTL: "15s"}})
		f.ok(err)
		go func() {
			_, err := lock.Lock(nil)
			if err == nil {
				held <- i
				err = lock.Unlock()
			}
			failed <- err
		}()
	}
	seen := map[int]bool{}
	for range many {
		f.ok(soon(f, "a turn ends", failed))
		seen[soon(f, "a turn", held)] = true
	}
	f.is("turns", len(seen), many)
	pair, _, err := f.KV().Get(f.key("l"), nil)
	f.ok(err)
	f.is("lock index", pair.LockIndex, uint64(many))
}

func lockSessionLost(f *flow) {
	id := f.session(&api.SessionEntry{LockDelay: time.Millisecond})
	lock, err := f.LockOpts(&api.LockOptions{Key: f.key("l"), Session: id})
	f.ok(err)
	lost, err := lock.Lock(nil)
	f.ok(err)
	_, err = f.Session().Destroy(id, nil)
	f.ok(err)
	soon(f, "told of the loss", lost)
	lock, err = f.LockKey(f.key("l"))
	f.ok(err)
	_, err = lock.Lock(nil)
	f.ok(err)
	f.ok(lock.Unlock())
}

func lockTryOnce(f *flow) {
	holder, err := f.LockKey(f.key("l"))
	f.ok(err)
	_, err = holder.Lock(nil)
	f.ok(err)
	defer func() { _ = holder.Unlock() }()
	other, err := f.LockOpts(&api.LockOptions{Key: f.key("l"), LockTryOnce: true, LockWaitTime: 300 * time.Millisecond})
	f.ok(err)
	began := time.Now()
	lost, err := other.Lock(nil)
	f.ok(err)
	if lost != nil {
		f.Error("two hold one lock")
	}
	if took := time.Since(began); took < 250*time.Millisecond {
		f.Errorf("gave up after %v, it was to wait 300 ms", took)
	}
}

func lockConflict(f *flow) {
	_, err := f.KV().Put(&api.KVPair{Key: f.key("l"), Flags: 7, Value: []byte("not a lock")}, nil)
	f.ok(err)
	lock, err := f.LockKey(f.key("l"))
	f.ok(err)
	_, err = lock.Lock(nil)
	f.is("key of another use", err, api.ErrLockConflict)
}

// electionRecipe is leader election as the guides tell it: candidates acquire one
// key, the others watch it, and the next is chosen when the leader's session ends.
func electionRecipe(f *flow) {
	key := f.key("leader")
	leader, next := f.session(&api.SessionEntry{TTL: "10s", LockDelay: time.Microsecond}), f.session(&api.SessionEntry{TTL: "10s"})
	won, _, err := f.KV().Acquire(&api.KVPair{Key: key, Value: []byte("a"), Session: leader}, nil)
	f.ok(err)
	f.is("first", won, true)
	won, _, err = f.KV().Acquire(&api.KVPair{Key: key, Value: []byte("b"), Session: next}, nil)
	f.ok(err)
	f.is("second", won, false)
	pair, meta, err := f.KV().Get(key, nil)
	f.ok(err)
	f.is("the leader's value", string(pair.Value), "a")
	woken := make(chan *api.KVPair, 1)
	go func() {
		pair, _, err := f.KV().Get(key, &api.QueryOptions{WaitIndex: meta.LastIndex, WaitTime: time.Minute})
		if err != nil {
			f.Error(err)
		}
		woken <- pair
	}()
	_, err = f.Session().Destroy(leader, nil)
	f.ok(err)
	f.is("free", soon(f, "watch of the key", woken).Session, "")
	f.until("elected", func() bool {
		won, _, err = f.KV().Acquire(&api.KVPair{Key: key, Value: []byte("b"), Session: next}, nil)
		f.ok(err)
		return won
	})
	pair, _, err = f.KV().Get(key, nil)
	f.ok(err)
	f.is("elected", []any{string(pair.Value), pair.Session, pair.LockIndex}, []any{"b", next, uint64(2)})
}

func semaphoreUse(f *flow) {
	s, err := f.SemaphorePrefix(f.key("s"), 2)
	f.ok(err)
	lost, err := s.Acquire(nil)
	f.ok(err)
	f.is("destroyed while held", s.Destroy(), api.ErrSemaphoreHeld)
	keys, _, err := f.KV().Keys(f.key("s"), "", nil)
	f.ok(err)
	f.is("keys: the lock and a contender", len(keys), 2)
	f.ok(s.Release())
	soon(f, "told of the loss", lost)
	f.is("released twice", s.Release(), api.ErrSemaphoreNotHeld)
	f.ok(s.Destroy())
	keys, _, err = f.KV().Keys(f.key("s"), "", nil)
	f.ok(err)
	f.is("keys after destroy", keys, []string(nil))
}

func semaphoreContention(f *flow) {
	const many, slots = 5, 2
	enter, leave, failed := make(chan int, many), make(chan struct{}), make(chan error, many)
	for i := range many {
		s, err := f.SemaphorePrefix(f.key("s"), slots)
		f.ok(err)
		go func() {
			_, err := s.Acquire(nil)
			if err == nil {
				enter <- i
				<-leave
				err = s.Release()
			}
			failed <- err
		}()
	}
	for range slots {
		soon(f, "a slot", enter)
	}
	select {
	case i := <-enter:
		f.Errorf("%d is one too many", i)
	case <-time.After(200 * time.Millisecond):
	}
	close(leave)
	for range many {
		f.ok(soon(f, "a turn ends", failed))
	}
	for range many - slots {
		soon(f, "a slot", enter)
	}
}

func semaphoreLost(f *flow) {
	id := f.session(nil)
	s, err := f.SemaphoreOpts(&api.SemaphoreOptions{Prefix: f.key("s"), Limit: 1, Session: id})
	f.ok(err)
	lost, err := s.Acquire(nil)
	f.ok(err)
	_, err = f.Session().Destroy(id, nil)
	f.ok(err)
	soon(f, "told of the loss", lost)
}
