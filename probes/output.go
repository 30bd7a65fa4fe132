package probes

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"muster/catalog"
)

// outputLimit is how many bytes of output a check keeps.
func outputLimit(def *catalog.CheckDefinition) int {
	if n := def.OutputMaxSize; n > 0 && n < catalog.MaxCheckOutput {
		return n
	}
	return catalog.MaxCheckOutput
}

// head returns s as valid UTF-8, cut to its first n bytes or a little less.
func head(s string, n int) string {
	s = strings.ToValidUTF8(s, string(utf8.RuneError))
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// end returns s as valid UTF-8, cut to its last n bytes or a little less.
func end(s string, n int) string {
	s = strings.ToValidUTF8(s, string(utf8.RuneError))
	if len(s) <= n {
		return s
	}
	from := len(s) - n
	for from < len(s) && !utf8.RuneStart(s[from]) {
		from++
	}
	return s[from:]
}

// tail is a writer that takes everything and keeps the last bytes of it, where
// programs say what went wrong.
type tail struct {
	keep  int // bytes kept
	buf   []byte
	total int
}

// Write implements io.Writer; it never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.total += len(p)
	t.buf = append(t.buf, p[max(0, len(p)-t.keep):]...)
	if len(t.buf) > 2*t.keep {
		t.buf = append(t.buf[:0], t.buf[len(t.buf)-t.keep:]...)
	}
	return len(p), nil
}

// text returns what was kept, in at most keep bytes that say so when there was more.
func (t *tail) text() string {
	if t.total <= t.keep {
		return head(string(t.buf), t.keep)
	}
	note := fmt.Sprintf("(the end of %d bytes)\n", t.total)
	if len(note) > t.keep/2 {
		note = "" // a tiny limit is better spent on the output itself
	}
	return note + end(string(t.buf), t.keep-len(note))
}
