package gossip

import (
	"bytes"
	"encoding/base64"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/memberlist"

	"muster/metrics"
)

var key1, key2, key3 = bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 16), bytes.Repeat([]byte{3}, 24)

func text(key []byte) string { return base64.StdEncoding.EncodeToString(key) }

// A key is replaced over the whole cluster while it gossips, and stays replaced after a restart.
func TestRotation(t *testing.T) {
	dir := t.TempDir()
	pools := form(t, agent("a", keyed(key1), in(dir)), agent("b", keyed(key1)), agent("c", keyed(key1)))
	a, ctx := pools[0], within(t, patience)
	report, err := a.ListKeys(ctx)
	if want := (KeyReport{3, 3, map[string]int{text(key1): 3}, map[string]int{text(key1): 3}, map[string]string{}}); err != nil || !reflect.DeepEqual(report, want) {
		t.Errorf("list: %+v, %v", report, err)
	}
	if _, err := a.UseKey(ctx, key2); err == nil {
		t.Error("a key was used that nobody has")
	}
	if report, err = pools[1].InstallKey(ctx, key2); err != nil || report.Keys[text(key2)] != 3 || report.Primary[text(key1)] != 3 {
		t.Errorf("install: %+v, %v", report, err)
	}
	if report, err = a.RemoveKey(ctx, key1); err == nil || len(report.Errors) != 3 || !strings.Contains(report.Errors["b"], "encrypts") {
		t.Errorf("removal of the primary: %+v, %v", report, err)
	}
	if report, err = pools[2].UseKey(ctx, key2); err != nil || report.Primary[text(key2)] != 3 || report.Replies != 3 {
		t.Errorf("use: %+v, %v", report, err)
	}
	if report, err = a.RemoveKey(ctx, key1); err != nil || report.Keys[text(key1)] != 0 || report.Keys[text(key2)] != 3 {
		t.Errorf("remove: %+v, %v", report, err)
	}
	if report, err = a.RemoveKey(ctx, key1); err != nil || report.Keys[text(key2)] != 3 {
		t.Errorf("second removal, as of one that did not reach all: %+v, %v", report, err)
	}
	if _, err = a.InstallKey(ctx, []byte("short")); err == nil {
		t.Error("a key of 5 bytes was installed")
	}
	if err := pools[1].SetTags(map[string]string{"after": "1"}); err != nil {
		t.Fatal(err)
	}
	await(t, a, "news under the new key", func(m map[string]Member) bool { return m["b"].Tags["after"] == "1" && all(m, Alive) })

	stop(t, a)
	path := filepath.Join(dir, keyringFile)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	var j journal
	again := start(t, agent("a", keyed(key1), in(dir), logging(&j)))
	await(t, again, "the others, by the kept key", func(m map[string]Member) bool { return len(m) == 3 && all(m, Alive) })
	if len(j.lines("keyring.json rules")) != 1 {
		t.Errorf("the differing key is not told of: %v", j.lines())
	}
	stop(t, again)
	if err := os.WriteFile(path, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(agent("a", keyed(key1), in(dir))); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a damaged keyring: %v", err)
	}
}

// One that cannot be asked is told of, and nothing is done that would cut one off.
func TestKeysUnanswered(t *testing.T) {
	pools := form(t, agent("a", keyed(key1)), agent("b", keyed(key1)))
	stop(t, pools[1])
	report, err := pools[0].InstallKey(within(t, patience), key2)
	if err == nil || report.Members != 2 || report.Replies != 1 || !strings.Contains(report.Errors["b"], "could not be asked") || report.Keys[text(key2)] != 1 {
		t.Errorf("%+v, %v", report, err)
	}
	becomes(t, pools[0], "b", Failed)
	lacks := start(t, agent("lacks", keyed(key1)))
	join(t, lacks, pools[0])
	becomes(t, pools[0], "lacks", Alive)
	if report, err = pools[0].UseKey(within(t, patience), key2); err == nil || !strings.Contains(report.Errors["lacks"], "not installed") || report.Primary[text(key1)] != 2 {
		t.Errorf("use of a key that one lacks: %+v, %v", report, err)
	}
	if err := lacks.keys.change(keyInstall, key2); err != nil {
		t.Fatal(err)
	}
	if err := lacks.keys.change(keyUse, key2); err != nil {
		t.Fatal(err)
	}
	if report, err = pools[0].RemoveKey(within(t, patience), key2); err == nil || !strings.Contains(report.Errors["lacks"], "encrypts") || report.Keys[text(key2)] != 2 {
		t.Errorf("removal of a key that one encrypts with: %+v, %v", report, err)
	}
	if _, err := start(t, agent("c")).ListKeys(t.Context()); !errors.Is(err, ErrNotEncrypted) {
		t.Errorf("without a key: %v", err)
	}
}

// Word of a new member takes its time, and so it may be asked by one it has not heard of,
// or ask one that has not heard of it.
func TestKeysBetweenNewMembers(t *testing.T) {
	asks, answers := start(t, agent("asks", keyed(key1))), start(t, agent("answers", keyed(key1)))
	asks.book.heard("answers", answers.at, answers.current())
	for _, known := range []string{"not at all", "at an address it has left"} {
		report, err := asks.InstallKey(within(t, patience), key2)
		if err != nil || report.Replies != 2 || report.Keys[text(key2)] != 2 {
			t.Errorf("known %s: %+v, %v", known, report, err)
		}
		answers.book.heard("asks", netip.MustParseAddrPort("127.0.0.1:1"), asks.current())
		answers.book.gone("asks")
	}
}

func TestKeyringChanges(t *testing.T) {
	for _, tc := range []struct {
		name string
		op   keyOp
		key  []byte
		want string // the keys left, or an error
	}{
		{"list", keyList, nil, "\x01\x02\x03"},
		{"has", keyHas, key3, "\x01\x02\x03"},
		{"has not", keyHas, []byte{9}, "not installed"},
		{"spare", keySpare, key2, "\x01\x02\x03"},
		{"spare, not there", keySpare, []byte{9}, "\x01\x02\x03"},
		{"not spare", keySpare, key1, "encrypts"},
		{"install what is there", keyInstall, key2, "\x01\x02\x03"},
		{"use", keyUse, key3, "\x03\x01\x02"},
		{"remove from the middle", keyRemove, key2, "\x01\x03"},
		{"remove the last", keyRemove, key3, "\x01\x02"},
		{"remove the primary", keyRemove, key1, "encrypts"},
		{"remove another", keyRemove, []byte{9}, "\x01\x02\x03"},
		{"use another", keyUse, []byte{9}, "not installed"},
		{"install a bad one", keyInstall, []byte{9}, "key size"},
	} {
		ring, err := memberlist.NewKeyring([][]byte{key2, key3}, key1)
		if err != nil {
			t.Fatal(err)
		}
		k := &keyring{ring: ring}
		var got strings.Builder
		if err := k.change(tc.op, tc.key); err != nil {
			got.WriteString(err.Error())
		} else {
			for _, key := range k.keys() {
				got.WriteByte(key[0])
			}
		}
		if !strings.Contains(got.String(), tc.want) || len(tc.want) < 4 && got.String() != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got.String(), tc.want)
		}
	}
	full := &keyring{ring: &memberlist.Keyring{}}
	for i := range maxKeys + 1 {
		err := full.change(keyInstall, bytes.Repeat([]byte{byte(i)}, 16))
		if (err != nil) != (i == maxKeys) {
			t.Errorf("key %d: %v", i, err)
		}
	}
}

// Peers that do not encrypt, or with another key, are kept out, with one line that names their address.
func TestStrangersWithoutKey(t *testing.T) {
	for name, change := range map[string]func(*Config){"in the clear": func(*Config) {}, "another key": keyed(key2)} {
		t.Run(name, func(t *testing.T) {
			var j journal
			reg := metrics.New(metrics.Build{})
			a := start(t, agent("a", keyed(key1), logging(&j), func(c *Config) { c.Metrics = reg.Gossip.LAN }))
			b := start(t, agent("b", change))
			list := b.running()
			for range 5 {
				if n, err := b.Join(t.Context(), []string{a.Addr().String()}); n != 0 || err == nil {
					t.Errorf("%d, %v", n, err)
				}
				if err := list.SendBestEffort(node(Member{Name: "a", Addr: a.Addr().Addr(), Port: a.Addr().Port()}), []byte{kindDeparture}); err != nil {
					t.Error(err)
				}
			}
			until(t, "ten refusals", func() bool { return value(t, reg, "muster_gossip_refused_total", "key") == 10 })
			if lines := j.lines("not encrypted with a key of this agent", "address=127.0.0.1:"); len(lines) != 1 {
				t.Errorf("lines: %v", lines)
			}
			if len(a.Members()) != 1 {
				t.Errorf("members: %v", a.Members())
			}
		})
	}
}

func TestMalformed(t *testing.T) {
	var j journal
	reg := metrics.New(metrics.Build{})
	pools := form(t, agent("a", logging(&j), func(c *Config) { c.Metrics = reg.Gossip.LAN }), agent("b"))
	list := pools[1].running()
	to := node(byName(pools[1])["a"])
	for _, msg := range [][]byte{{0}, {kindDeparture, 200}, {kindKeyRequest}, {kindKeyReply}, make([]byte, maxMessage+1)} {
		if err := list.SendReliable(to, msg); err != nil {
			t.Error(err)
		}
	}
	until(t, "five refusals", func() bool { return value(t, reg, "muster_gossip_refused_total", "malformed") == 5 })
	if lines := j.lines("not understood"); len(lines) != 1 {
		t.Errorf("lines: %v", lines)
	}
}
