package consensus

import (
	"errors"
	"strings"
	"testing"

	"muster/catalog"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

func TestCheckServers(t *testing.T) {
	for _, tc := range []struct {
		name    string
		servers []Server
		text    string // "": good
	}{
		{"three", []Server{{ID: "a", Address: "h:1", Voter: true}, {ID: "b", Address: "h:2", Voter: true}, {ID: "c", Address: "[::1]:3"}}, ""},
		{"nobody", nil, "no server has a vote"},
		{"no vote", []Server{{ID: "a", Address: "h:1"}}, "no server has a vote"},
		{"others only", []Server{{ID: "b", Address: "h:1", Voter: true}}, "this server, id a, has no vote in it"},
		{"itself without a vote", []Server{{ID: "a", Address: "h:1"}, {ID: "b", Address: "h:2", Voter: true}}, "this server, id a, has no vote in it"},
		{"an id twice", []Server{{ID: "a", Address: "h:1", Voter: true}, {ID: "a", Address: "h:2", Voter: true}}, "server id a appears twice"},
		{"an address twice", []Server{{ID: "a", Address: "h:1", Voter: true}, {ID: "b", Address: "h:1", Voter: true}}, "server address h:1 appears twice"},
		{"no id", []Server{{Address: "h:1", Voter: true}}, "id is missing"},
		{"no port", []Server{{ID: "a", Address: "h", Voter: true}}, `address "h" is not host:port`},
		{"no host", []Server{{ID: "a", Address: ":1", Voter: true}}, `address ":1" is not host:port`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := checkServers(tc.servers, "a")
			if tc.text == "" && err != nil || tc.text != "" && (catalog.CodeOf(err) != catalog.Invalid || !strings.Contains(err.Error(), tc.text)) {
				t.Errorf("%v, want %q", err, tc.text)
			}
		})
	}
}

func TestBootstrapIsForTheStateless(t *testing.T) {
	cfg := config(t, t.TempDir())
	cfg.Bootstrap = false
	alone := []Server{{ID: cfg.ID, Address: cfg.Address, Voter: true}}
	r, err := New(cfg, catalog.New())
	if err != nil {
		t.Fatal(err)
	}
	run(t, r)
	if r.HasState() {
		t.Fatal("an empty directory has state")
	}
	if err := r.Bootstrap(nil); catalog.CodeOf(err) != catalog.Invalid || r.HasState() {
		t.Fatalf("Bootstrap with nobody: %v", err)
	}
	if err := r.Bootstrap(alone); err != nil {
		t.Fatal(err)
	}
	awaitLead(t, r, true)
	put(t, r, "k")
	if err := r.Bootstrap(alone); catalog.CodeOf(err) != catalog.Conflict || !r.HasState() {
		t.Fatalf("second Bootstrap: %v", err)
	}
	r.Close()

	cfg.Transport = listen(t)
	r, err = New(cfg, catalog.New())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.Bootstrap(alone); catalog.CodeOf(err) != catalog.Conflict || !r.HasState() {
		t.Fatalf("Bootstrap after a restart, before Start: %v", err)
	}
}

func TestBootstrapBeforeStart(t *testing.T) {
	cfg := config(t, t.TempDir())
	cfg.Bootstrap = false
	r, err := New(cfg, catalog.New())
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Bootstrap([]Server{{ID: cfg.ID, Address: cfg.Address, Voter: true}}); err != nil {
		t.Fatal(err)
	}
	awaitLead(t, run(t, r), true)
	put(t, r, "k")
}

func TestOneFoundsForAll(t *testing.T) {
	c := newCluster(t, nil)
	for range 3 {
		c.add(t.TempDir())
	}
	if err := c.members[0].Bootstrap(c.servers()); err != nil {
		t.Fatal(err)
	}
	c.put(nil, "k")
	c.expect(c.members, "k")
	for _, m := range c.members {
		if err := m.Bootstrap(c.servers()); catalog.CodeOf(err) != catalog.Conflict || len(m.Servers()) != 3 {
			t.Errorf("a second Bootstrap: %v, servers %+v", err, m.Servers())
		}
	}
}

// A crash within Bootstrap leaves a member that can be bootstrapped again, or one that is.
func TestInterruptedClusterBootstrap(t *testing.T) {
	crash := errors.New("crash")
	for _, tc := range []struct {
		name    string
		logFail bool
		markNo  int // the mark that fails; 0: none
		founded bool
	}{
		{"before anything", false, 1, false},
		{"before the log", true, 0, false},
		{"after the log", false, 2, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := &flaky{InmemStore: raft.NewInmemStore()}
			if tc.logFail {
				f.logErr.Store(&crash)
			}
			marks := 0
			f.stableErr = func(key string) error {
				if key == keyBootstrap {
					if marks++; marks == tc.markNo {
						return crash
					}
				}
				return nil
			}
			cfg := config(t, "")
			cfg.Bootstrap = false
			snapshots := raft.NewInmemSnapshotStore()
			reopen := func() *Replica {
				r, err := open(cfg, catalog.New(), func(hclog.Logger) (*stores, error) {
					return &stores{logs: f, stable: f, snapshots: snapshots, close: func() error { return nil }}, nil
				})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { r.Close() })
				return r
			}
			servers := []Server{{ID: cfg.ID, Address: cfg.Address, Voter: true}}
			r := reopen()
			if err := r.Bootstrap(servers); catalog.CodeOf(err) != catalog.Unavailable {
				t.Fatalf("Bootstrap: %v", err)
			}
			f.logErr.Store(nil)
			f.stableErr = nil
			if r = reopen(); r.HasState() != tc.founded {
				t.Fatalf("state after the crash: %v", r.HasState())
			}
			if !tc.founded {
				if err := r.Bootstrap(servers); err != nil {
					t.Fatal(err)
				}
			}
			awaitLead(t, run(t, r), true)
			put(t, r, "k")
		})
	}
}

// A member whose bootstrap was cut short may have given its vote to another since.
func TestSettleBootstrapKeepsVotes(t *testing.T) {
	for _, tc := range []struct{ term, want uint64 }{{0, 0}, {1, 0}, {2, 2}, {7, 7}} {
		s := openMemory()
		if err := errors.Join(s.stable.Set([]byte(keyBootstrap), []byte(bootstrapBegun)), s.stable.SetUint64([]byte(keyRaftTerm), tc.term)); err != nil {
			t.Fatal(err)
		}
		if err := settleBootstrap(s); err != nil {
			t.Fatal(err)
		}
		if got, err := s.stable.GetUint64([]byte(keyRaftTerm)); got != tc.want || err != nil {
			t.Errorf("term %d became %d, %v", tc.term, got, err)
		}
	}
}
