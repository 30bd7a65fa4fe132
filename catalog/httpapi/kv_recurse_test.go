package httpapi

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"muster/catalog"
)

// TestDeleteStaysBelowItsPrefix: of any keys, a recursive delete takes those that begin
// with its prefix, byte by byte, and no other.
func TestDeleteStaysBelowItsPrefix(t *testing.T) {
	f := newFixture(t, nil)
	// Few characters, so that prefixes meet keys; among them those that paths and state give a meaning.
	key := rapid.StringOfN(rapid.SampledFrom([]rune{'a', 'A', 'b', '/', '.', '%', '?', '\x00', '\x7f', 'ü', '\U0010ffff'}), 1, 6, -1)
	rapid.Check(t, func(t *rapid.T) {
		if r := f.do("DELETE", "/v1/kv/?recurse", ""); r.status != 200 {
			t.Fatalf("emptying: %d %s", r.status, r.body)
		}
		keys := rapid.SliceOfNDistinct(key, 1, 20, rapid.ID[string]).Draw(t, "keys")
		for _, k := range keys {
			if _, err := f.consensus.Apply(t.Context(), &catalog.SetKey{Key: []byte(k)}); err != nil {
				t.Fatal(err)
			}
		}
		prefix := key.Draw(t, "prefix")
		if r := f.do("DELETE", "/v1/kv/"+url.PathEscape(prefix)+"?recurse", ""); r.status != 200 || r.body != "true" {
			t.Fatalf("delete %q: %d %s", prefix, r.status, r.body)
		}
		want := slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return strings.HasPrefix(k, prefix) })
		slices.Sort(want)
		var left []string
		if r := f.do("GET", "/v1/kv/?keys", ""); r.status == 200 {
			if err := json.Unmarshal([]byte(r.body), &left); err != nil {
				t.Fatal(err)
			}
		} else if r.status != 404 {
			t.Fatalf("keys: %d %s", r.status, r.body)
		}
		if !slices.Equal(left, want) {
			t.Fatalf("after deleting %q of %q: left %q, want %q", prefix, keys, left, want)
		}
	})
}
