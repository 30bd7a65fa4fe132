package httpapi

import (
	"os"
	"path/filepath"
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

// TestParametersAreDocumented: contrib/docs/http.md has every parameter that the source reads.
func TestParametersAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../contrib/docs/http.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	read := regexp.MustCompile(`\b(?:query\.Get|r\.has|r\.flag|r\.uint|r\.session|q\.has)\("([a-z-]+)"\)|\.query\["([a-z-]+)"\]`)
	found := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range read.FindAllSubmatch(source, -1) {
			found++
			name := string(m[1]) + string(m[2])
			if !regexp.MustCompile("[?&`]" + name + "[=`&,]").Match(page) {
				t.Errorf("http.md does not tell of ?%s, which %s reads", name, file)
			}
		}
	}
	if found < 50 {
		t.Errorf("only %d parameters were found", found)
	}
}
