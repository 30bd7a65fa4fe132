package consensus

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"muster/catalog"
	"muster/metrics"

	"github.com/hashicorp/raft"
)

// follower is a replica that no cluster knows of.
func follower(t *testing.T) *Replica {
	cfg := config(t, "")
	cfg.Bootstrap = false
	r, _ := start(t, cfg)
	return r
}

func closed(t *testing.T) *Replica {
	r, _ := leader(t, config(t, ""))
	r.Close()
	return r
}

func unstarted(t *testing.T) *Replica {
	r, err := New(config(t, ""), catalog.New())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func led(t *testing.T) *Replica {
	r, _ := leader(t, config(t, ""))
	return r
}

func expired(t *testing.T) context.Context {
	ctx, cancel := context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
	t.Cleanup(cancel)
	return ctx
}

func TestApplyErrors(t *testing.T) {
	big := &catalog.SetKey{Key: []byte("k"), Value: make([]byte, maxCommandBytes)}
	for _, tc := range []struct {
		name    string
		replica func(*testing.T) *Replica
		ctx     func(*testing.T) context.Context
		command catalog.Command
		code    catalog.Code
		text    string
	}{
		{"no leader", follower, nil, set("k"), catalog.Unavailable, "nothing was written"},
		{"closed", closed, nil, set("k"), catalog.Unavailable, "nothing was written: the replica is shutting down"},
		{"not started", unstarted, nil, set("k"), catalog.Unavailable, "nothing was written: the replica has not been started"},
		{"expired", led, expired, set("k"), catalog.Unavailable, "nothing was written: context deadline exceeded"},
		{"too large", led, nil, big, catalog.TooLarge, "the limit is"},
		{"the command's own", led, nil, &catalog.SetKey{}, catalog.Invalid, "key is missing"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := tc.replica(t)
			ctx := within(t)
			if tc.ctx != nil {
				ctx = tc.ctx(t)
			}
			_, err := r.Apply(ctx, tc.command)
			if catalog.CodeOf(err) != tc.code || !strings.Contains(err.Error(), tc.text) || errors.Is(err, catalog.ErrOutcomeUnknown) {
				t.Errorf("%s: %v", catalog.CodeOf(err), err)
			}
		})
	}
}

func TestReadModes(t *testing.T) {
	const none, stale, lead = "no leader", "", ""
	for _, tc := range []struct {
		name    string
		replica func(*testing.T) *Replica
		want    map[catalog.Consistency]string // text of the error, "" for success
		known   bool
	}{
		{"leader", led, map[catalog.Consistency]string{catalog.Stale: lead, catalog.Default: lead, catalog.Consistent: lead}, true},
		{"follower", follower, map[catalog.Consistency]string{catalog.Stale: stale, catalog.Default: none, catalog.Consistent: none}, false},
		{"closed", closed, map[catalog.Consistency]string{catalog.Stale: stale, catalog.Default: none, catalog.Consistent: none}, false},
		{"not started", unstarted, map[catalog.Consistency]string{catalog.Stale: stale, catalog.Default: "not been started", catalog.Consistent: "not been started"}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := tc.replica(t)
			for mode, text := range tc.want {
				f, err := r.Read(within(t), mode)
				if text == "" {
					if err != nil || f.KnownLeader != tc.known || tc.known && f.LastContact != 0 || f.LastContact < 0 {
						t.Errorf("mode %v: %+v, %v", mode, f, err)
					}
				} else if catalog.CodeOf(err) != catalog.Unavailable || !strings.Contains(err.Error(), text) {
					t.Errorf("mode %v: %v, want %q", mode, err, text)
				}
				f, err = r.Read(expired(t), mode)
				if mode == catalog.Stale && err != nil {
					t.Errorf("stale read waited for a context: %v", err)
				}
				if mode != catalog.Stale && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("mode %v with an expired context: %+v, %v", mode, f, err)
				}
			}
		})
	}
}

// The log of a member that restarts again and again ends in no-ops and barriers,
// which the state never sees: a read must not wait for them, nor for those among
// them that a snapshot has cut off.
func TestReadBehindEntriesTheStateNeverSees(t *testing.T) {
	cfg := config(t, t.TempDir())
	cfg.TrailingLogs = 1
	r, _ := leader(t, cfg)
	put(t, r, "k")
	for range 3 {
		if err := r.Snapshot(within(t)); err != nil {
			t.Fatal(err)
		}
		r.Close()
		cfg.Transport = listen(t)
		var state *catalog.State
		r, state = leader(t, cfg)
		commit := r.raft.Load().CommitIndex()
		if state.Applied() >= commit {
			t.Fatalf("state is at %d of %d: the log does not end as this test wants", state.Applied(), commit)
		}
		for range 2 { // the second read has the first one's finding to go by
			if _, err := r.Read(within(t), catalog.Consistent); err != nil {
				t.Fatal(err)
			}
		}
		if r.settled.Load() < commit {
			t.Errorf("settled at %d of %d", r.settled.Load(), commit)
		}
		expectKeys(t, state, "k")
	}
}

func TestReadWaitsForTheState(t *testing.T) {
	r, state := leader(t, config(t, ""))
	put(t, r, "k")
	next := state.Applied() + 1
	// An entry that is committed but on its way to the state.
	if err := r.stores.logs.StoreLog(&raft.Log{Index: next, Type: raft.LogCommand}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(within(t))
	waiting := make(chan error)
	go func() { waiting <- r.reach(ctx, next) }()
	cancel()
	if err := <-waiting; !errors.Is(err, context.Canceled) {
		t.Fatalf("reach: %v", err)
	}
	go func() { waiting <- r.reach(within(t), next) }()
	state.Advance(next)
	if err := <-waiting; err != nil {
		t.Fatalf("reach: %v", err)
	}
}

func TestLeadingHoldsTheLatest(t *testing.T) {
	r := unstarted(t)
	for _, v := range []bool{true, false, true, true} { // nobody listens, nothing blocks
		r.announce(v)
	}
	if !<-r.Leading() {
		t.Error("the latest was true")
	}
	select {
	case v := <-r.Leading():
		t.Errorf("then came %v", v)
	default:
	}
	r.announce(false)
	if <-r.Leading() {
		t.Error("the latest was false")
	}
}

// Entries no version wrote come from a newer one or a damaged disk.
func TestUndecodableCommandHaltsTheReplica(t *testing.T) {
	cfg := config(t, t.TempDir())
	r, state := leader(t, cfg)
	put(t, r, "before")
	newer := []byte{99, 1, '{', '}'}
	f := r.raft.Load().Apply(newer, 0)
	if err := f.Error(); err != nil {
		t.Fatal(err)
	}
	<-r.Failed()
	if err := r.Err(); !strings.Contains(err.Error(), "version 99") {
		t.Fatalf("Err: %v", err)
	}
	if at := state.Applied(); at >= f.Index() {
		t.Errorf("state went to %d, past the entry at %d", at, f.Index())
	}
	awaitLead(t, r, false)
	r.Close()

	cfg.Transport = listen(t)
	r, state = start(t, cfg)
	<-r.Failed()
	expectKeys(t, state, "before")
	if r.Ready() || r.IsLeader() {
		t.Error("a halted replica says it is ready")
	}
}

func TestHaltedFSM(t *testing.T) {
	var told []error
	f := &fsm{state: catalog.New(), fail: func(err error) { told = append(told, err) }}
	good, err := catalog.Encode(set("k"))
	if err != nil {
		t.Fatal(err)
	}
	got := f.ApplyBatch([]*raft.Log{
		{Index: 1, Type: raft.LogConfiguration},
		{Index: 2, Data: good},
		{Index: 3, Data: []byte("x")},
		{Index: 4, Data: good},
	})
	for i, ok := range []bool{true, true, false, false} {
		if _, fine := got[i].(outcome); fine != ok {
			t.Errorf("response %d is %#v", i, got[i])
		}
	}
	if len(told) != 1 || f.state.Applied() != 2 {
		t.Errorf("told %v, state at %d", told, f.state.Applied())
	}
	if _, err := f.Snapshot(); err == nil {
		t.Error("a halted fsm gave a snapshot")
	}
}

func TestStatsAndMetrics(t *testing.T) {
	reg := metrics.New(metrics.Build{})
	cfg := config(t, "")
	cfg.Metrics = reg.Raft
	r, state := start(t, cfg)
	awaitLead(t, r, true)
	put(t, r, "a", "b")
	if _, err := r.Apply(expired(t), set("c")); err == nil {
		t.Fatal("no error")
	}
	for key, want := range map[string]string{
		"state": "Leader", "leader": cfg.Address, "catalog_index": strconv.FormatUint(state.Applied(), 10),
		"ready": "true", "num_peers": "0", "last_contact": "0", "disk_stalled": "false", "failure": "",
	} {
		if got := r.Stats()[key]; got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if peers := r.Peers(); len(peers) != 1 || peers[0] != cfg.Address || r.Leader() != cfg.Address {
		t.Errorf("peers %v, leader %s", peers, r.Leader())
	}
	for name, want := range map[string]float64{
		"muster_raft_is_leader": 1, "muster_raft_peers": 1, "muster_raft_leader_changes_total": 1,
		"muster_raft_commit_index": float64(r.raft.Load().CommitIndex()), "muster_raft_commit_seconds": 2, "muster_raft_apply_failures_total": 1,
		"muster_raft_disk_stalled": 0, "muster_raft_last_contact_seconds": 0,
	} {
		until(t, name+" is right", func() bool { return gather(t, reg, name) == want })
	}
}

// gather returns the value of a gauge or counter, or the count of a histogram.
func gather(t *testing.T, reg *metrics.Registry, name string) float64 {
	t.Helper()
	reading, err := reg.Read()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range append(reading.Gauges, reading.Counters...) {
		if v.Name == name {
			return v.Value
		}
	}
	for _, o := range reading.Observations {
		if o.Name == name {
			return float64(o.Count)
		}
	}
	t.Fatalf("no series %s", name)
	return 0
}
