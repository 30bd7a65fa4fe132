package consensus

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"muster/catalog"
)

// kill ends a member as its death would: all its connections break at once.
func (c *cluster) kill(m *member) {
	c.isolate(m, true)
	m.cfg.Transport.Close()
}

// rise starts a killed member again.
func (c *cluster) rise(m *member) {
	c.t.Helper()
	m.Close()
	c.isolate(m, false)
	c.start(m)
}

func TestDeadLeaderIsReplaced(t *testing.T) {
	c := newCluster(t, nil)
	for range 3 {
		c.add(t.TempDir())
	}
	c.bootstrap()
	for round := range 3 {
		old := c.leader()
		key := fmt.Sprint("before ", round)
		c.put(nil, key)
		old = c.leader()
		_, changed := c.others(old)[0].LeaderWatch()
		c.kill(old)
		began := time.Now()
		c.put([]*member{old}, fmt.Sprint("after ", round))
		t.Logf("round %d: writable again after %v", round, time.Since(began))
		<-changed
		for _, m := range c.others(old) {
			until(t, "all know the new leader", func() bool {
				addr, _ := m.LeaderWatch()
				return addr == c.leader(old).cfg.Address && m.Leader() == addr
			})
		}
		c.expect(c.others(old), key)
		c.rise(old)
		c.expect(c.members, key, fmt.Sprint("after ", round))
		until(t, "the risen member is ready", old.Ready)
	}
	first := dump(t, c.members[0].state)
	for _, m := range c.members[1:] {
		until(t, "all states are equal", func() bool { return bytes.Equal(first, dump(t, m.state)) })
	}
}

func TestTwoOfThreeDieAndReturn(t *testing.T) {
	c := newCluster(t, nil)
	for range 3 {
		c.add(t.TempDir())
	}
	c.bootstrap()
	c.put(nil, keys("a", 20)...)
	c.expect(c.members, keys("a", 20)...)
	l := c.leader()
	for _, m := range c.others(l) {
		c.kill(m)
	}
	until(t, "the last one sees that it cannot lead", func() bool { return !l.IsLeader() })
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if _, err := l.Apply(ctx, set("lost")); catalog.CodeOf(err) != catalog.Unavailable {
		t.Errorf("Apply without a quorum: %v", err)
	}
	for _, mode := range []catalog.Consistency{catalog.Default, catalog.Consistent} {
		if _, err := l.Read(ctx, mode); catalog.CodeOf(err) != catalog.Unavailable {
			t.Errorf("Read in mode %v without a quorum: %v", mode, err)
		}
	}
	if f, err := l.Read(ctx, catalog.Stale); err != nil || f.KnownLeader {
		t.Errorf("stale Read: %+v, %v", f, err)
	}
	expectKeys(t, l.state, keys("a", 20)...)
	for _, m := range c.others(l) {
		c.rise(m)
	}
	c.put(nil, "again")
	c.expect(c.members, append(keys("a", 20), "again")...)
}

// A leader that is cut off must not serve what the others have changed since.
func TestPartitionedLeader(t *testing.T) {
	c := form(t, 3, calm)
	old := c.leader()
	put(t, old.Replica, "k")
	var served time.Time // when the last read began that the old leader answered by its lease
	stop := make(chan struct{})
	var reader sync.WaitGroup
	reader.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			began := time.Now()
			if _, err := old.Read(ctx, catalog.Default); err == nil {
				served = began
			}
			cancel()
		}
	})
	c.isolate(old, true)
	l := c.leader(old)
	if _, err := l.Apply(within(t), &catalog.SetKey{Key: []byte("k"), Value: []byte("new")}); err != nil {
		t.Fatal(err)
	}
	changed := time.Now()
	close(stop)
	reader.Wait()
	if served.IsZero() || served.After(changed) {
		t.Errorf("the old leader served a read %v after the value had changed", served.Sub(changed))
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	for _, mode := range []catalog.Consistency{catalog.Default, catalog.Consistent} {
		if _, err := old.Read(ctx, mode); err == nil {
			t.Errorf("the old leader answers in mode %v", mode)
		}
		if _, err := old.ReadIndex(ctx, mode); err == nil {
			t.Errorf("the old leader gives an index in mode %v", mode)
		}
	}
	if _, err := old.Apply(ctx, set("lost")); catalog.CodeOf(err) != catalog.Unavailable {
		t.Errorf("Apply on the old leader: %v", err)
	}
	c.isolate(old, false)
	until(t, "the old leader follows", func() bool {
		p, _ := old.state.Snapshot().Pair("k")
		return old.Leader() == l.cfg.Address && string(p.Value) == "new"
	})
	if p, _ := old.state.Snapshot().Pair("lost"); p != nil {
		t.Error("a write without a quorum was applied")
	}
}

// Raft leaves a leader that hears nobody in office for longer than reads may lean on it.
func TestLeaseEnds(t *testing.T) {
	c := form(t, 3, calm)
	l := c.leader()
	m, term := l.raft.Load(), l.led.Load()
	lease := l.Replica.cfg.lease()
	if !l.followed(m, term, time.Now().Add(-lease)) {
		t.Error("it has no lease while all is well")
	}
	c.isolate(l, true)
	until(t, "the lease ends", func() bool { return !l.followed(m, term, time.Now().Add(-lease)) })
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	t.Logf("leads still: %v", l.IsLeader())
	if _, err := l.Read(ctx, catalog.Default); catalog.CodeOf(err) != catalog.Unavailable {
		t.Errorf("Read: %v", err)
	}
}

// Two that cannot reach each other still have a quorum each with the third.
func TestFollowersApart(t *testing.T) {
	c := form(t, 3, calm)
	l := c.leader()
	f := c.others(l)
	c.net.part(true, f[0].cfg.Address, f[1].cfg.Address)
	put(t, l.Replica, keys("a", 20)...)
	c.expect(c.members, keys("a", 20)...)
	if c.leader() != l {
		t.Error("the leader changed")
	}
}

func TestRollingRestart(t *testing.T) {
	c := newCluster(t, func(cfg *Config) {
		cfg.SnapshotInterval, cfg.SnapshotThreshold, cfg.TrailingLogs = 20*time.Millisecond, 50, 10
	})
	for range 3 {
		c.add(t.TempDir())
	}
	c.bootstrap()
	var mu sync.Mutex
	var acked []string
	stop := make(chan struct{})
	var work sync.WaitGroup
	for w := range 2 {
		work.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				key := fmt.Sprintf("%d/%d", w, i)
				if c.write(key) {
					mu.Lock()
					acked = append(acked, key)
					mu.Unlock()
				}
			}
		})
	}
	enough := func(n int) {
		t.Helper()
		until(t, "writes go on", func() bool { mu.Lock(); defer mu.Unlock(); return len(acked) >= n })
	}
	for round := range 3 {
		enough(200 * (round + 1))
		m := c.leader()
		c.pause.Lock()
		if err := m.TransferLeadership(within(t), ""); err != nil {
			t.Log(err) // it goes down all the same
		}
		c.restart(m)
		c.pause.Unlock()
		until(t, "it is ready again", m.Ready)
	}
	enough(800)
	close(stop)
	work.Wait()
	c.expect(c.members, acked...)
	t.Logf("%d writes acknowledged, all are there", len(acked))
}

// write tries a write on whoever leads. It reports whether the write was acknowledged.
func (c *cluster) write(key string) bool {
	c.pause.RLock()
	defer c.pause.RUnlock()
	for _, m := range c.members {
		if m.IsLeader() {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			_, err := m.Apply(ctx, set(key))
			return err == nil
		}
	}
	return false
}

// What a leader has committed is with its followers at once, although nothing else is written.
func TestFollowersHearOfCommits(t *testing.T) {
	c := form(t, 3, calm)
	l := c.leader()
	for _, m := range c.others(l) {
		until(t, "replication runs through a pipeline", func() bool {
			l.wire.mu.Lock()
			defer l.wire.mu.Unlock()
			return len(l.wire.lines) == 2 && m.Ready()
		})
	}
	var worst, sum time.Duration
	const n = 50
	for i := range n {
		put(t, l.Replica, fmt.Sprint(i))
		index, began := l.state.Applied(), time.Now()
		for _, m := range c.others(l) {
			for m.state.Applied() < index {
				<-m.state.Reached(index)
			}
		}
		took := time.Since(began)
		sum, worst = sum+took, max(worst, took)
	}
	t.Logf("after the leader: %v in the mean, %v at worst", sum/n, worst)
	if sum/n > commitTimeout/2 {
		t.Errorf("followers wait for the commit timeout: %v in the mean", sum/n)
	}
}

func TestReadIndexElsewhere(t *testing.T) {
	c := form(t, 3, calm)
	l := c.leader()
	f := c.others(l)[0]
	for i := range 20 {
		key := fmt.Sprint(i)
		put(t, l.Replica, key)
		for _, mode := range []catalog.Consistency{catalog.Default, catalog.Consistent} {
			index, err := l.ReadIndex(within(t), mode)
			if err != nil {
				t.Fatal(err)
			}
			for f.state.Applied() < index {
				<-f.state.Reached(index)
			}
			expectKeys(t, f.state, key)
		}
	}
	if index, err := f.ReadIndex(within(t), catalog.Stale); index != 0 || err != nil {
		t.Errorf("stale: %d, %v", index, err)
	}
	// The log now ends in entries that no state sees, and followers must not wait for them.
	if err := l.TransferLeadership(within(t), ""); err != nil {
		t.Fatal(err)
	}
	index, err := c.leader(l).ReadIndex(within(t), catalog.Consistent)
	if err != nil {
		t.Fatal(err)
	}
	until(t, "all reach the index", func() bool {
		for _, m := range c.members {
			if m.state.Applied() < index {
				return false
			}
		}
		return true
	})
	if c := c.leader().CommitIndex(); c <= index {
		t.Errorf("commit index %d is not past %d: the log does not end as this test wants", c, index)
	}
}
