package document_test

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"muster/catalog/document"
)

// FuzzDecode holds two promises: no input panics, and every problem has its place within the input.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"", "{}", "{\"port\": 1,}", "// x", "/*", "\ufeff{}", "[[[[", "{\"a\":", "{\"free\": null}", "null", "\"\\ud800\"",
		`{"node_name":"n","on":true,"tags":["a"],"inner":{"interval":"1s"},"inners":[{"count":1}],"free":{"a":[1,null]}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var o outer
		var pos document.Positions
		lines := 1 + strings.Count(string(data), "\n") + 1 // a problem at the end may stand on the line behind it
		for _, p := range document.Decode("f", data, &o, document.Options{Positions: &pos}) {
			if p.Line < 1 || p.Column < 1 || p.Line > lines || p.Column > len(data)+2 {
				t.Fatalf("problem outside the input: %v", p)
			}
			if strings.ContainsAny(p.Error(), "\n\r") {
				t.Fatalf("problem of more than a line: %q", p.Error())
			}
		}
		pos.At("inners[0].count")
	})
}

// What encoding/json writes of any value, Decode reads back, comments thrown in or not.
func TestReadsWhatJSONWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		meta := rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "meta")
		tags := rapid.SliceOf(rapid.String()).Draw(t, "tags")
		port := rapid.Uint16().Draw(t, "port")
		ratio := rapid.Float64Range(-1e300, 1e300).Draw(t, "ratio")
		body, err := json.MarshalIndent(map[string]any{"meta": meta, "tags": tags, "port": port, "ratio": ratio}, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		text := string(body)
		if rapid.Bool().Draw(t, "comments") {
			text = "/* { */" + strings.ReplaceAll(text, ",\n", ", // \" [\n") + "//"
		}
		var o outer
		if problems := document.Decode("f", []byte(text), &o, document.Options{}); problems != nil {
			t.Fatal(problems)
		}
		if o.Port != port || o.Ratio != ratio || len(o.Tags) != len(tags) || len(o.Meta) != len(meta) {
			t.Fatalf("got %+v from %s", o, text)
		}
		for i, tag := range tags {
			if o.Tags[i] != strings.ToValidUTF8(tag, "\ufffd") {
				t.Fatalf("tag %q came back as %q", tag, o.Tags[i])
			}
		}
	})
}
