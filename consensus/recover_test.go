package consensus

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"muster/catalog"
)

func TestParsePeers(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		err        string // "": good
	}{
		{"Consul's", `[{"id": "a", "address": "10.0.0.1:8300", "non_voter": false}, {"id": "b", "address": "10.0.0.2:8300", "non_voter": true}]`, ""},
		{"without suffrage", "[\n {\"id\": \"a\", \"address\": \"10.0.0.1:8300\"}\n]\n", ""},
		{"empty file", "", "1:1: "},
		{"not JSON", "[\n  {\"id\": a}\n]", "2:10: "},
		{"cut short", "[\n  {\"id\": \"a\"}", "2:14: "},
		{"addresses only", "[\"10.0.0.1:8300\"]", "1:16: "},
		{"wrong type", "[{\"id\": 7}]", "1:9: "},
		{"unknown field", "[{\"id\": \"a\",\n\"nonvoter\": true}]", "unknown field"},
		{"something behind", "[]\n[]", "2:2: "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			servers, err := parsePeers([]byte(tc.text))
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("%v, want %q", err, tc.err)
				}
				return
			}
			if err != nil || len(servers) == 0 || servers[0] != (Server{ID: "a", Address: "10.0.0.1:8300", Voter: true}) {
				t.Errorf("%+v, %v", servers, err)
			}
			if len(servers) == 2 && servers[1].Voter {
				t.Error("a non-voter has a vote")
			}
		})
	}
}

func writePeers(t *testing.T, dir, text string) string {
	t.Helper()
	path := filepath.Join(dir, peersFile)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRecoveryIsRefused(t *testing.T) {
	const self = `{"id": "` + nodeID + `", "address": "127.0.0.1:1"}`
	for _, tc := range []struct {
		name, text string
		state      bool
		want       string
	}{
		{"malformed", "[{]", true, "peers.json:1:3: "},
		{"nobody", "[]", true, "no server has a vote"},
		{"itself missing", `[{"id": "other", "address": "127.0.0.1:1"}]`, true, "this server, id " + nodeID},
		{"an id twice", "[" + self + "," + self + "]", true, "appears twice"},
		{"no state", "[" + self + "]", false, "no initial state"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			cfg := config(t, dir)
			cfg.Bootstrap = tc.state
			r, _ := start(t, cfg)
			if tc.state {
				awaitLead(t, r, true)
				put(t, r, "k")
			}
			r.Close()
			path := writePeers(t, dir, tc.text)
			cfg.Transport = listen(t)
			if r, err := New(cfg, catalog.New()); err == nil || !strings.Contains(err.Error(), tc.want) {
				if err == nil {
					r.Close()
				}
				t.Fatalf("New: %v, want %q", err, tc.want)
			}
			// The order still stands, and without it all is as before.
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			if tc.state {
				cfg.Transport = listen(t)
				_, state := leader(t, cfg)
				expectKeys(t, state, "k")
			}
		})
	}
}

func TestRecoveryFromLostQuorum(t *testing.T) {
	c := newCluster(t, nil)
	for range 3 {
		c.add(t.TempDir())
	}
	c.bootstrap()
	c.put(nil, keys("a", 50)...)
	last := c.members[0]
	c.expect([]*member{last}, "a/00049")
	for _, m := range c.members {
		m.Close()
	}
	for name, text := range map[string]string{
		"peers.json": `[{"id": "` + last.cfg.ID + `", "address": "` + last.cfg.Address + `", "non_voter": false}]`,
		"other":      "something of the operator's",
	} {
		if err := os.WriteFile(filepath.Join(last.cfg.Dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c.start(last)
	awaitLead(t, last.Replica, true)
	expectKeys(t, last.state, keys("a", 50)...)
	put(t, last.Replica, "b")
	if got := last.Servers(); len(got) != 1 || !got[0].Leader {
		t.Errorf("configuration is %+v", got)
	}
	if _, err := os.Stat(filepath.Join(last.cfg.Dir, peersFile)); !os.IsNotExist(err) {
		t.Errorf("peers.json is still there: %v", err)
	}
	if _, err := os.Stat(filepath.Join(last.cfg.Dir, peersFile+".done")); err != nil {
		t.Error(err)
	}
	if !strings.Contains(last.log.String(), "recovery done") {
		t.Error("the log says nothing")
	}

	// It stays so, and grows into a cluster again.
	c.restart(last)
	awaitLead(t, last.Replica, true)
	fresh := c.add(t.TempDir())
	for _, voter := range []bool{false, true} {
		if err := last.AddServer(within(t), Server{ID: fresh.cfg.ID, Address: fresh.cfg.Address, Voter: voter}); err != nil {
			t.Fatal(err)
		}
	}
	c.expect([]*member{fresh}, append(keys("a", 50), "b")...)
}
