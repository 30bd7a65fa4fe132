package ui

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func ask(h http.Handler, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w
}

func TestBuiltIn(t *testing.T) {
	h := Handler("")
	for _, tt := range []struct {
		path, kind string
		code       int
	}{
		{"/ui", "text/html", 307},
		{"/ui/", "text/html", 200},
		{"/ui/app.js", "javascript", 200},
		{"/ui/health.js", "javascript", 200},
		{"/ui/style.css", "text/css", 200},
		{"/ui/icon.svg", "image/svg+xml", 200},
		{"/ui/nope", "text/plain", 404},
		{"/ui/static/", "text/plain", 404},
		{"/ui/../ui.go", "text/plain", 404},
		{"/ui//etc/passwd", "text/plain", 404},
	} {
		w := ask(h, tt.path)
		if got := w.Header().Get("Content-Type"); w.Code != tt.code || !strings.Contains(got, tt.kind) {
			t.Errorf("%s: %d %s, want %d %s", tt.path, w.Code, got, tt.code, tt.kind)
		}
		if csp := w.Header().Get("Content-Security-Policy"); w.Code != 307 && (!strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe")) {
			t.Errorf("%s: policy %q", tt.path, csp)
		}
	}
}

// What the policy forbids must not stand in the page, and what it asks for must be there.
func TestPageKeepsItsPolicy(t *testing.T) {
	h := Handler("")
	page := ask(h, "/ui/").Body.String()
	for _, bad := range []string{`<script>`, `<style`, ` style=`, ` on[a-z]+=`, `https?://`, `javascript:`} {
		if found := regexp.MustCompile(bad).FindString(page); found != "" {
			t.Errorf("the page has %q", found)
		}
	}
	for _, ref := range regexp.MustCompile(`(?:src|href)="([^/#][^"]*)"`).FindAllStringSubmatch(page, -1) {
		if w := ask(h, "/ui/"+ref[1]); w.Code != 200 {
			t.Errorf("the page asks for %s: %d", ref[1], w.Code)
		}
	}
	documented, err := os.ReadFile("../../../contrib/docs/http.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range scripts(t) {
		script := ask(h, "/ui/"+name).Body.String()
		if found := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|new Function|cssText|"style"|https?://`).FindString(script); found != "" {
			t.Errorf("%s uses %s on what others wrote, or goes elsewhere", name, found)
		}
		for _, path := range regexp.MustCompile(`/v1/[a-z/-]+`).FindAllString(script, -1) {
			if !strings.Contains(string(documented), "`"+path) {
				t.Errorf("%s asks for %s, which is not documented", name, path)
			}
		}
		for _, from := range regexp.MustCompile(`from "\./([^"]+)"`).FindAllStringSubmatch(script, -1) {
			if w := ask(h, "/ui/"+from[1]); w.Code != 200 {
				t.Errorf("%s asks for %s: %d", name, from[1], w.Code)
			}
		}
	}
}

// scripts are the names of those built in.
func scripts(t *testing.T) []string {
	t.Helper()
	names, err := fs.Glob(static, "static/*.js")
	if err != nil || len(names) == 0 {
		t.Fatalf("scripts: %v, %v", names, err)
	}
	for i := range names {
		names[i] = strings.TrimPrefix(names[i], "static/")
	}
	return names
}

func TestOwnDirectory(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"index.html": "mine", "sub/a.css": "b{}", ".git/config": "secret", "empty/x.txt": "x"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h := Handler(dir)
	for _, tt := range []struct {
		path, body string
		code       int
	}{
		{"/ui/", "mine", 200},
		{"/ui/sub/a.css", "b{}", 200},
		{"/ui/empty/", "no such page\n", 404},
		{"/ui/empty", "no such page\n", 404},
		{"/ui/.git/config", "no such page\n", 404},
		{"/ui/../../etc/passwd", "no such page\n", 404},
		{"/ui/app.js", "no such page\n", 404},
	} {
		if w := ask(h, tt.path); w.Code != tt.code || w.Body.String() != tt.body {
			t.Errorf("%s: %d %q, want %d %q", tt.path, w.Code, w.Body.String(), tt.code, tt.body)
		}
	}
	if w := ask(Handler(filepath.Join(dir, "gone")), "/ui/"); w.Code != 404 {
		t.Errorf("a directory that is not there: %d", w.Code)
	}
}

// TestScripts runs what needs no browser, where node is at hand.
func TestScripts(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("SKIPPED: node is not installed, the page's scripts are not tried")
	}
	dir := t.TempDir()
	for _, name := range append(scripts(t), "package.json") {
		text, err := fs.ReadFile(static, "static/"+name)
		if name == "package.json" {
			text, err = []byte(`{"type": "module"}`), nil
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range scripts(t) {
		if out, err := exec.Command(node, "--check", filepath.Join(dir, name)).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
	for _, name := range []string{"health", "value", "catalog"} {
		test, err := filepath.Abs("testdata/" + name + "_test.mjs")
		if err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(node, test, filepath.Join(dir, name+".js")).CombinedOutput(); err != nil {
			t.Errorf("%s.js: %v\n%s", name, err, out)
		}
	}
}
