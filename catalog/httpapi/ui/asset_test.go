package ui

import (
	"compress/gzip"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

// get asks with headers, given as name and value in turn.
func get(path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	Handler("").ServeHTTP(w, r)
	return w
}

func TestGzipAndETag(t *testing.T) {
	plain, packed := get("/ui/app.js"), get("/ui/app.js", "Accept-Encoding", "gzip, deflate, br")
	z, err := gzip.NewReader(packed.Body)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil || string(text) != plain.Body.String() {
		t.Errorf("unpacked: %d bytes, %v; want %d", len(text), err, plain.Body.Len())
	}
	tags := map[string]string{"": plain.Header().Get("ETag"), "gzip": packed.Header().Get("ETag")}
	if tags[""] == "" || tags["gzip"] == "" || tags[""] == tags["gzip"] {
		t.Errorf("tags %q: two forms need one each", tags)
	}
	for _, tt := range []struct {
		accept, match string
		code          int
	}{
		{"gzip", tags["gzip"], 304},
		{"gzip", tags[""], 200},
		{"", tags[""], 304},
		{"br", tags[""], 304},
		{"gzip;q=0", tags[""], 304},
		{"", `"old"`, 200},
	} {
		w := get("/ui/app.js", "Accept-Encoding", tt.accept, "If-None-Match", tt.match)
		if w.Code != tt.code {
			t.Errorf("Accept-Encoding %q, If-None-Match %s: %d, want %d", tt.accept, tt.match, w.Code, tt.code)
		}
		if w.Header().Get("Vary") != "Accept-Encoding" || w.Header().Get("Cache-Control") != "no-cache" || w.Header().Get("Content-Security-Policy") != policy {
			t.Errorf("headers %v", w.Header())
		}
	}
}

// All of the pages together, as they are sent, are to stay small.
func TestSize(t *testing.T) {
	const most = 100_000
	sum := 0
	for name, a := range Handler("").(handler).packed {
		if a.kind == "" || a.tag == "" {
			t.Errorf("%s: type %q, tag %q", name, a.kind, a.tag)
		}
		size := len(a.plain)
		if a.zipped != nil {
			size = len(a.zipped)
		}
		sum += size
	}
	if sum == 0 || sum > most {
		t.Errorf("%d bytes packed, the limit is %d", sum, most)
	}
	t.Logf("%d bytes packed", sum)
}

// Files of one's own may change under the agent: they are read anew.
func TestOwnDirectoryIsReadAnew(t *testing.T) {
	dir := t.TempDir()
	h := Handler(dir)
	for _, text := range []string{"one", "another"} {
		if err := os.WriteFile(filepath.Join(dir, "index.html"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if w := ask(h, "/ui/"); w.Body.String() != text || w.Header().Get("Content-Security-Policy") != policy {
			t.Errorf("%q %v, want %q", w.Body.String(), w.Header(), text)
		}
	}
}
