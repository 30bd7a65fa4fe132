package httpapi

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestRoutesAreDocumented: the table of contrib/docs/http.md has every route, and no other.
func TestRoutesAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../contrib/docs/http.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "## All endpoints")
	table, _, _ = strings.Cut(table, "\n## ")
	told := map[string]bool{}
	for line := range strings.Lines(table) {
		if cells := strings.Split(line, "|"); len(cells) > 3 {
			for _, path := range regexp.MustCompile("`(/[^`]*)`").FindAllStringSubmatch(cells[2], -1) {
				told[path[1]] = true
			}
		}
	}
	for _, rt := range (&Server{cfg: Config{EnableDebug: true}}).table() {
		if !told[rt.template] {
			t.Errorf("http.md does not tell of %s", rt.template)
		}
		delete(told, rt.template)
	}
	for path := range told {
		t.Errorf("http.md tells of %s, which is not served", path)
	}
}
