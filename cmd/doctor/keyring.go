package doctor

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"slices"

	"muster/catalog/httpapi"
	"muster/cmd/terminal"
)

func lookAtKeyring(ctx context.Context, c *chart) []Finding {
	rings, err := c.Agent.GossipKeys(ctx, httpapi.ClientKeyring{})
	if e, isAnswer := errors.AsType[*httpapi.ClientError](err); isAnswer && e.Status == http.StatusBadRequest {
		return judgePlain(c.set.BindAddr)
	}
	if err != nil {
		return warn("see whether servers run and have a leader", "not all keys are known: %v", err)
	}
	var out []Finding
	for _, r := range rings {
		out = append(out, judgeRing(r)...)
	}
	if c.cfg != nil {
		out = append(out, judgeFiled(c.cfg.Gossip.Key, rings)...)
	}
	return out
}

// judgeFiled is about the key of the files, which rules only where no other was ever in use.
func judgeFiled(key []byte, rings []httpapi.Keyring) []Finding {
	text := base64.StdEncoding.EncodeToString(key)
	for _, r := range rings {
		if _, used := r.PrimaryKeys[text]; !used && len(key) > 0 && len(r.PrimaryKeys) > 0 {
			return warn("put the key that is used into encrypt: agents that are new would not get in", "the files have another key than members use")
		}
	}
	return nil
}

// judgePlain is about gossip without a key, at an address.
func judgePlain(bind string) []Finding {
	if at, err := netip.ParseAddr(bind); err == nil && at.IsLoopback() {
		return ok("gossip is not encrypted, and does not leave this machine")
	}
	return warn("set encrypt on all agents to what `muster keygen` prints", "gossip is not encrypted: who reaches 8301 can join as a server")
}

// judgeRing looks whether the members of a pool hold the same keys. No key stands in what it says.
func judgeRing(r httpapi.Keyring) []Finding {
	pool, port := "LAN", 8301
	if r.WAN {
		pool, port = "WAN", 8302
	}
	var missing []string
	for _, key := range slices.Sorted(maps.Keys(r.Keys)) {
		if n := r.Keys[key]; n < r.NumNodes {
			missing = append(missing, fmt.Sprintf("one is on %d of %d", n, r.NumNodes))
		}
	}
	switch silent := slices.Sorted(maps.Keys(r.Messages)); {
	case len(silent) > 0:
		return warn(fmt.Sprintf("see whether TCP reaches them at %d, and `muster keyring -list` for what they say", port),
			"%s: %d of %d members do not tell their keys: %s", pool, len(silent), r.NumNodes, some(silent))
	case len(r.PrimaryKeys) > 1:
		return fail("end the change of keys: `muster keyring -use` the new one, then -remove the old one",
			"%s: members encrypt with %d different keys", pool, len(r.PrimaryKeys))
	case len(missing) > 0:
		return warn("`muster keyring -install` it again, or -remove it", "%s: not every key is on every member: %s", pool, some(missing))
	case len(r.Keys) > 1:
		return warn("end the change of keys: `muster keyring -remove` those that are not used", "%s: %d keys are installed", pool, len(r.Keys))
	}
	return ok("%s: %s, the same key on all", pool, terminal.Count(r.NumNodes, "member"))
}
