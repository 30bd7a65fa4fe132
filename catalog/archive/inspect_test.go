package archive

import (
	"bytes"
	"maps"
	"testing"

	"muster/catalog"
)

func TestInspect(t *testing.T) {
	s := catalog.New()
	for _, key := range []string{"web/a/1", "web/a/2", "web/b", "/x", "top", "\xff/y"} {
		apply(t, s, &catalog.SetKey{Key: []byte(key), Value: []byte("value")})
	}
	data := archived(t, s)
	counts := func(list []Rows) (out map[string]int, total int64) {
		out = map[string]int{}
		for i, rows := range list {
			out[rows.Name] = rows.Count
			total += rows.Bytes
			if rows.Bytes <= 0 || i > 0 && rows.Bytes > list[i-1].Bytes {
				t.Errorf("%+v does not stand where its size belongs", rows)
			}
		}
		return out, total
	}
	for groups, want := range map[KeyGroups]map[string]int{
		{}:                                {},
		{Prefix: "web"}:                   {},
		{Depth: 1}:                        {"web": 3, "": 1, "top": 1, "\xff": 1},
		{Depth: 2, Prefix: "web/"}:        {"web/a": 2, "web/b": 1},
		{Depth: 9, Prefix: "web/a/"}:      {"web/a/1": 1, "web/a/2": 1},
		{Depth: 1, Prefix: "no such key"}: {},
	} {
		found, err := Inspect(bytes.NewReader(data), groups)
		if err != nil || found.Meta.Index != 6 {
			t.Fatalf("%+v, %v", found, err)
		}
		if got, _ := counts(found.Keys); !maps.Equal(got, want) {
			t.Errorf("%+v: %v, want %v", groups, got, want)
		}
		kinds, total := counts(found.Kinds)
		if kinds["keys"] != 6 || total >= found.Meta.StateBytes || total < found.Meta.StateBytes-100 {
			t.Errorf("kinds %v take %d bytes of %d", kinds, total, found.Meta.StateBytes)
		}
	}
	if found, err := Inspect(bytes.NewReader(data[:len(data)-1]), KeyGroups{}); err == nil || found.Kinds != nil {
		t.Errorf("a cut archive: %+v, %v", found, err)
	}
}

func TestFirstElements(t *testing.T) {
	for _, tc := range []struct {
		key   string
		depth int
		want  string
	}{
		{"a/b/c", 1, "a"}, {"a/b/c", 2, "a/b"}, {"a/b/c", 3, "a/b/c"}, {"a/b/c", 9, "a/b/c"}, {"a/", 1, "a"}, {"a/", 2, "a/"}, {"/a", 1, ""}, {"", 2, ""}, {"a", 1, "a"},
	} {
		if got := firstElements(tc.key, tc.depth); got != tc.want {
			t.Errorf("%q at depth %d: %q, want %q", tc.key, tc.depth, got, tc.want)
		}
	}
}
