package child

import (
	"strings"
	"testing"
	"unicode/utf8"
)

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
		{"a character cut in two", 2, []string{"aéz"}, "z"},
		{"bytes that are no text", 60, []string{strings.Repeat("\xffa", 100)}, "(the end of 200 bytes)\na" + strings.Repeat("\uFFFDa", 9)},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &Tail{Keep: c.keep}
			for _, s := range c.writes {
				if n, err := w.Write([]byte(s)); n != len(s) || err != nil {
					t.Fatalf("Write = %d, %v", n, err)
				}
			}
			got := w.String()
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if len(got) > c.keep || !utf8.ValidString(got) {
				t.Errorf("%q is over %d bytes or no UTF-8", got, c.keep)
			}
		})
	}
	w := &Tail{Keep: 10}
	for range 10000 {
		w.Write([]byte("0123456"))
	}
	if cap(w.buf) > 100 {
		t.Errorf("buffer grew to %d bytes to keep 10", cap(w.buf))
	}
}
