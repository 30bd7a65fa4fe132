package agent

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"muster/consensus/gossip"
)

const (
	oldKey = "pUqJrVyVRj5jsiYEkM/tFQYfWyJIv4s3XkvDwy7Cu5s="
	newKey = "rBkFVPRyRDQVxLEJbI5l8RkbKVqVLkbrvLAUk0lKvrM="
)

// rings returns the keys of each gossip pool as "lan KEY=members", by their first letter.
func (a *testAgent) rings() string {
	code, body := a.call("GET", "/v1/operator/keyring", "")
	var rings []struct {
		WAN               bool
		Keys, PrimaryKeys map[string]int
		NumNodes          int
	}
	if err := json.Unmarshal([]byte(body), &rings); err != nil || code != 200 {
		return fmt.Sprint(code, body, err)
	}
	short := strings.NewReplacer(oldKey, "old", newKey, "new")
	count := func(keys map[string]int) string {
		var out []string
		for _, k := range slices.Sorted(maps.Keys(keys)) {
			out = append(out, fmt.Sprintf("%s:%d", k, keys[k]))
		}
		return short.Replace(strings.Join(out, "+"))
	}
	var out []string
	for _, r := range rings {
		out = append(out, fmt.Sprintf("wan=%v of %d: %s, %s", r.WAN, r.NumNodes, count(r.Keys), count(r.PrimaryKeys)))
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}

func TestKeysAreRotated(t *testing.T) {
	t.Parallel()
	c := setup{files: encrypted(oldKey)}.startCluster(t, nil, 3, 2)
	c.joinWAN()
	client := c.by["c1"]
	key := func(k string) string { return fmt.Sprintf(`{"Key":%q}`, k) }
	held := func(what, lan string) {
		t.Helper()
		wan := strings.ReplaceAll(lan, ":5", ":3")
		eventually(t, what, fmt.Sprintf("wan=false of 5: %s; wan=true of 3: %s", lan, wan), client.rings)
	}
	held("at first", "old:5, old:5")
	client.want("POST", "/v1/operator/keyring", key(newKey), 200, "")
	held("installed", "old:5+new:5, old:5")
	client.want("PUT", "/v1/operator/keyring", key(newKey), 200, "")
	held("used", "old:5+new:5, new:5")
	if code, _ := client.call("DELETE", "/v1/operator/keyring", key(newKey)); code < 400 {
		t.Errorf("the key in use was removed: %d", code)
	}
	client.want("DELETE", "/v1/operator/keyring", key(oldKey), 200, "")
	held("removed", "new:5, new:5")

	// The configuration still has the old key, but the keyring on disk rules.
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	c.restart(client)
	c.settled()

	for what, files := range map[string]map[string]string{"plain": nil, "late": encrypted(oldKey)} {
		stranger := setup{name: what, client: true, dataDir: t.TempDir(), files: files, join: c.addresses()}.start(t)
		eventually(t, what+" is turned away", "true", func() string {
			return fmt.Sprint(strings.Contains(stranger.log.String(), "cannot join yet"))
		})
		for _, a := range c.running() {
			if m := a.memberByID(stranger.id); m != nil {
				t.Errorf("%s let in %+v", a.name, m)
			}
		}
		for _, m := range stranger.lan.Members() {
			if m.ID != stranger.id && m.Status == gossip.Alive {
				t.Errorf("%s has met %+v", what, m)
			}
		}
	}
	c.settled()
}

func encrypted(key string) map[string]string {
	return map[string]string{"key.json": fmt.Sprintf(`{"encrypt": %q}`, key)}
}
