package consensus

import (
	"errors"
	"strings"
	"testing"
	"time"

	"muster/catalog"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

func TestBootstrapsOnce(t *testing.T) {
	dir := t.TempDir()
	cfg := config(t, dir)
	cfg.Bootstrap = false
	r, _ := start(t, cfg)
	if _, err := r.Read(within(t), catalog.Default); catalog.CodeOf(err) != catalog.Unavailable || r.Ready() || r.Leader() != "" || len(r.Peers()) != 0 {
		t.Fatalf("a member of nothing: %v, ready %v, leader %q, peers %v", err, r.Ready(), r.Leader(), r.Peers())
	}
	r.Close()

	term := uint64(0)
	for round, again := range []bool{true, true, false} {
		cfg = config(t, dir)
		cfg.Bootstrap = again
		r, state := leader(t, cfg)
		if round > 0 {
			expectKeys(t, state, "kept")
		}
		put(t, r, "kept")
		if now := r.raft.Load().CurrentTerm(); now <= term {
			t.Errorf("term %d after %d", now, term)
		} else {
			term = now
		}
		// The port is another one each time, and the cluster hears of it.
		until(t, "the address is up to date", func() bool { return len(r.Peers()) == 1 && r.Peers()[0] == cfg.Address })
		var first raft.Log
		if err := r.stores.logs.GetLog(1, &first); err != nil || first.Type != raft.LogConfiguration || first.Term != 1 {
			t.Errorf("log begins with %v of term %d, %v", first.Type, first.Term, err)
		}
		r.Close()
	}
}

func TestDirectoryBelongsToOneNode(t *testing.T) {
	cfg := config(t, t.TempDir())
	r, _ := leader(t, cfg)
	put(t, r, "k")
	r.Close()
	other := cfg
	other.ID, other.Transport = "11111111-2222-3333-4444-555555555555", listen(t)
	_, err := New(other, catalog.New())
	if err == nil || !strings.Contains(err.Error(), "belongs to node id "+nodeID) || !strings.Contains(err.Error(), other.ID) {
		t.Fatalf("opened with another id: %v", err)
	}
	cfg.Transport = listen(t)
	leader(t, cfg) // the refusal left nothing behind
}

func TestStateWithoutNodeID(t *testing.T) {
	s := openMemory()
	if err := s.stable.SetUint64([]byte(keyRaftTerm), 7); err != nil {
		t.Fatal(err)
	}
	_, err := open(config(t, ""), catalog.New(), func(hclog.Logger) (*stores, error) { return s, nil })
	if err == nil || !strings.Contains(err.Error(), "without a node id") {
		t.Fatalf("open: %v", err)
	}
}

// A crash within bootstrap, after the term and before the log, or right after the log.
func TestInterruptedBootstrap(t *testing.T) {
	crash := errors.New("crash")
	for _, tc := range []struct {
		name string
		fail func(f *flaky)
	}{
		{"before the log", func(f *flaky) { f.logErr.Store(&crash) }},
		{"after the log", func(f *flaky) {
			marks := 0
			f.stableErr = func(key string) error {
				if key == keyBootstrap {
					if marks++; marks == 2 {
						return crash
					}
				}
				return nil
			}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := &flaky{InmemStore: raft.NewInmemStore()}
			tc.fail(f)
			snapshots := raft.NewInmemSnapshotStore()
			reopen := func(hclog.Logger) (*stores, error) {
				return &stores{logs: f, stable: f, snapshots: snapshots, close: func() error { return nil }}, nil
			}
			if _, err := open(config(t, ""), catalog.New(), reopen); !errors.Is(err, crash) && !strings.Contains(err.Error(), crash.Error()) {
				t.Fatalf("open: %v", err)
			}
			f.logErr.Store(nil)
			f.stableErr = nil
			r, err := open(config(t, ""), catalog.New(), reopen)
			if err != nil {
				t.Fatal(err)
			}
			awaitLead(t, run(t, r), true)
			put(t, r, "k")
		})
	}
}

// The only member need not wait for a leader that cannot exist; an hour's timeout shows it.
func TestOnlyMemberLeadsAtOnce(t *testing.T) {
	cfg := config(t, "")
	cfg.HeartbeatTimeout = time.Hour
	r, _ := leader(t, cfg)
	put(t, r, "k")
}
