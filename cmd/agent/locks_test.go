package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// contendersPerAgent contend at the same time.
const contendersPerAgent = 2

// TestLocks has clients of all agents of a cluster contend for a few locks while servers,
// agents and wires fail. By their own view no two may hold a lock at once, and no two may have held it
// at one lock index. MUSTER_LOCKS is how many hand-overs are wanted at least: with it the run is long,
// meets all faults, and has clients go away without a word, whose sessions end with their TTL. MUSTER_HISTORY_SEED is what chance begins with.
func TestLocks(t *testing.T) {
	want, long := 40, false
	if text := os.Getenv("MUSTER_LOCKS"); text != "" {
		var err error
		if want, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
		long = true
	}
	_, seed := historySettings(t)
	report := lockReport{Seed: seed, Verdict: "failed"}
	defer func() { report.print(t) }()
	c := setup{tweak: homes(t, rand.New(rand.NewPCG(seed, 2<<32)))}.startCluster(t, newTestNetwork(), 3, 2)
	v := newAdversary(c, seed)
	v.faults = lockFaults(long)
	began, taken, mute := time.Now(), &atomic.Int64{}, &atomic.Bool{}
	mute.Store(long)
	ctx, stop := context.WithCancel(t.Context())
	var working sync.WaitGroup
	finish := sync.OnceFunc(func() { stop(); working.Wait() })
	defer finish() // also if the cluster never settles
	var all []*contender
	for range contendersPerAgent {
		for _, a := range c.running() {
			k := &contender{
				id: len(all), began: began, door: func() string { return v.door(a.name) }, http: &http.Client{Transport: &http.Transport{}},
				rng: rand.New(rand.NewPCG(seed, uint64(len(all)))), mute: mute, taken: taken,
			}
			all = append(all, k)
			working.Go(func() { k.work(ctx) })
		}
	}
	v.breakReplies()
	faulty, over := context.WithCancel(ctx)
	defer over()
	working.Go(func() {
		// Locks that went to the session that had them before are no hand-overs, but few.
		for taken.Load() < int64(want+want/4) && ctx.Err() == nil {
			rest(ctx, 50*time.Millisecond)
		}
		over()
	})
	v.run(faulty, 2*time.Minute)
	c.net.lose(nil)
	if mute.Swap(false) {
		// Each new leader gave the sessions that nobody renews their whole time anew. Now they end.
		rest(ctx, 2*lockTTL)
	}
	finish()
	c.settled()
	report.Seconds = int(time.Since(began).Seconds())
	lasting := wholeOf(all)
	everyLockIsFree(t, c)
	report.judge(t, v, lasting, want, long)
}

// lockFaults are those of TestHistory, and the death of an agent that all notice; a short run meets only some.
func lockFaults(long bool) []fault {
	dead := fault{"client dead", false, func(v *adversary) bool {
		a := v.c.by[[]string{"c1", "c2"}[v.rng.IntN(2)]]
		v.crash(a)
		v.c.noticed(a.name)
		v.pause(500)
		v.reopen(a)
		return true
	}}
	if long {
		return append(slices.Clone(faults), dead)
	}
	short := slices.DeleteFunc(slices.Clone(faults), func(f fault) bool { return f.name != "leader killed" && f.name != "leader changed" })
	return append(short, dead)
}

func wholeOf(all []*contender) *lockHistory {
	whole := &lockHistory{}
	for _, k := range all {
		whole.holds = append(whole.holds, k.holds...)
		whole.sights = append(whole.sights, k.sights...)
		whole.early = append(whole.early, k.early...)
		whole.odd = append(whole.odd, k.odd...)
	}
	return whole
}

// everyLockIsFree waits until each lock can be taken: sessions of clients that went away have ended.
func everyLockIsFree(t *testing.T, c *testCluster) {
	t.Helper()
	a := c.by["s1"]
	status, text := a.call("PUT", "/v1/session/create", `{"NodeChecks":[]}`)
	var made struct{ ID string }
	if err := json.Unmarshal([]byte(text), &made); err != nil || status != http.StatusOK {
		t.Fatalf("create: %d %s", status, text)
	}
	for n := range lockKeys {
		c.await("a free lock", func() error {
			if code, text := a.call("PUT", fmt.Sprintf("/v1/kv/locks/%d?acquire=%s", n, made.ID), ""); code != http.StatusOK || text != "true" {
				return fmt.Errorf("locks/%d: %d %s", n, code, text)
			}
			return nil
		})
	}
}

// lockReport is the one line that a run leaves.
type lockReport struct {
	Seed      uint64
	Seconds   int
	Holds     int
	Reads     int
	HandOvers map[ending]int // by how the holder before lost the lock
	Total     int            // hand-overs
	Faults    map[string]int
	Broken    int // connections, with what they brought
	Verdict   string
}

func (r *lockReport) print(t *testing.T) {
	if !t.Failed() {
		r.Verdict = "passed"
	}
	line, err := json.Marshal(r)
	if err != nil {
		t.Error(err)
	}
	t.Logf("%s", line)
}

func (r *lockReport) judge(t *testing.T, v *adversary, h *lockHistory, want int, long bool) {
	t.Helper()
	r.Holds, r.Reads, r.HandOvers, r.Faults, r.Broken = len(h.holds), len(h.sights), h.handOvers(), v.happened, v.broken
	for _, n := range r.HandOvers {
		r.Total += n
	}
	for _, f := range v.faults {
		if v.happened[f.name] == 0 {
			t.Errorf("it never happened: %s", f.name)
		}
	}
	ways := []ending{released, destroyed}
	if long {
		ways = append(ways, silent)
	}
	for _, way := range ways {
		if r.HandOvers[way] == 0 {
			t.Errorf("no lock changed hands because a session or hold was %s", way)
		}
	}
	if r.Total < want {
		t.Errorf("%d hand-overs, want %d", r.Total, want)
	}
	complain(t, h.odd)
	found := h.objections(heartbeatTimeout * 4 / 5)
	for _, who := range slices.Sorted(maps.Keys(found)) {
		complain(t, found[who])
	}
}
