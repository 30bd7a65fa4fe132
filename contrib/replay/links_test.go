//go:build linux

package replay

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	link    = regexp.MustCompile(`\]\(([^)#\s]*)(?:#([^)\s]*))?\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	dropped = regexp.MustCompile(`[^\p{L}\p{N} _-]`) // from a heading, to make what links to it say
)

// TestLinks: what the pages point at, in the repository, is there.
func TestLinks(t *testing.T) {
	anchors := func(page string) map[string]bool {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		all := map[string]bool{}
		for _, m := range heading.FindAllSubmatch(text, -1) {
			all[strings.ReplaceAll(dropped.ReplaceAllString(strings.ToLower(string(m[1])), ""), " ", "-")] = true
		}
		return all
	}
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllSubmatch(text, -1) {
			path, anchor := string(m[1]), string(m[2])
			if strings.Contains(path, "://") {
				continue
			}
			to := page
			if path != "" {
				to = filepath.Join(filepath.Dir(page), path)
			}
			if _, err := os.Stat(to); err != nil {
				t.Errorf("%s: %s: %v", filepath.Base(page), m[0], err)
			} else if anchor != "" && !anchors(to)[anchor] {
				t.Errorf("%s: %s has no such heading", filepath.Base(page), m[0])
			}
		}
	}
}
