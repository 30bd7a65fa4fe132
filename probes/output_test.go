package probes

import (
	"testing"

	"muster/catalog"
)

func TestOutputIsCutAtCharacters(t *testing.T) {
	for _, c := range []struct {
		in   string
		n    int
		want string
	}{
		{"", 5, ""},
		{"hello", 5, "hello"},
		{"hello", 3, "hel"},
		{"hello", 0, ""},
		{"aéz", 2, "a"}, // é has two bytes
		{"a\xffz", 9, "a\uFFFDz"},
		{"\xff\xfe", 2, ""}, // becomes one character of three bytes
	} {
		if got := head(c.in, c.n); got != c.want {
			t.Errorf("head(%q, %d) = %q, want %q", c.in, c.n, got, c.want)
		}
	}
}

func TestOutputLimit(t *testing.T) {
	for stated, want := range map[int]int{0: catalog.MaxCheckOutput, 10: 10, catalog.MaxCheckOutput + 1: catalog.MaxCheckOutput} {
		if got := outputLimit(&catalog.CheckDefinition{OutputMaxSize: stated}); got != want {
			t.Errorf("output_max_size %d: limit %d, want %d", stated, got, want)
		}
	}
}
