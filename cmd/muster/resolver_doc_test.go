package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestResolverPage replays what contrib/docs/resolver.md shows of an image.
func TestResolverPage(t *testing.T) {
	page, err := os.ReadFile("../../contrib/docs/resolver.md")
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "etc/unbound"), 0o755); err != nil {
		t.Fatal(err)
	}
	text := "include-toplevel: \"/etc/unbound/unbound.conf.d/*.conf\"\n"
	if err := os.WriteFile(filepath.Join(root, "etc/unbound/unbound.conf"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	replayed := 0
	for _, block := range strings.Split(string(page), "```console\n")[1:] {
		line, want, _ := strings.Cut(block[:strings.Index(block, "```")], "\n")
		if !strings.Contains(line, "/srv/image") {
			continue
		}
		replayed++
		stdout, stderr, code := command(t, "", nil, strings.Fields(strings.ReplaceAll(line, "/srv/image", root))[2:]...)
		if code != 0 || stdout != want {
			t.Errorf("%s: %d %s\n%s\nand the page says\n%s", line, code, stderr, stdout, want)
		}
	}
	if replayed == 0 {
		t.Error("the page shows no image")
	}
}
