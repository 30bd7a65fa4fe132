package probes

import (
	"strings"
	"testing"
	"unicode/utf8"

	"muster/catalog"
)

func TestOutputIsCutAtCharacters(t *testing.T) {
	for _, c := range []struct {
		in         string
		n          int
		head, last string
	}{
		{"", 5, "", ""},
		{"hello", 5, "hello", "hello"},
		{"hello", 3, "hel", "llo"},
		{"hello", 0, "", ""},
		{"aéz", 2, "a", "z"}, // é has two bytes
		{"a\xffz", 9, "a\uFFFDz", "a\uFFFDz"},
		{"\xff\xfe", 2, "", ""}, // becomes one character of three bytes
	} {
		if got := head(c.in, c.n); got != c.head {
			t.Errorf("head(%q, %d) = %q, want %q", c.in, c.n, got, c.head)
		}
		if got := end(c.in, c.n); got != c.last {
			t.Errorf("end(%q, %d) = %q, want %q", c.in, c.n, got, c.last)
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

func TestTailKeepsTheEnd(t *testing.T) {
	for _, c := range []struct {
		name   string
		keep   int
		writes []string
		want   string
	}{
		{"all of little", 100, []string{"one ", "two"}, "one two"},
		{"exactly the limit", 6, []string{"abc", "def"}, "abcdef"},
		{"tiny limit", 4, []string{"abc", "def"}, "cdef"},
		{"one huge write", 60, []string{strings.Repeat("x", 1000) + "END"}, "(the end of 1003 bytes)\n" + strings.Repeat("x", 33) + "END"},
		{"bytes that are no text", 60, []string{strings.Repeat("\xffa", 100)}, "(the end of 200 bytes)\na" + strings.Repeat("\uFFFDa", 9)},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &tail{keep: c.keep}
			for _, s := range c.writes {
				if n, err := w.Write([]byte(s)); n != len(s) || err != nil {
					t.Fatalf("Write = %d, %v", n, err)
				}
			}
			got := w.text()
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if len(got) > c.keep || !utf8.ValidString(got) {
				t.Errorf("%q is over %d bytes or no UTF-8", got, c.keep)
			}
		})
	}
	w := &tail{keep: 10}
	for range 10000 {
		w.Write([]byte("0123456"))
	}
	if cap(w.buf) > 100 {
		t.Errorf("buffer grew to %d bytes to keep 10", cap(w.buf))
	}
}
