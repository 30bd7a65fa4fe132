package child

import (
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"
)

// Tail is a writer that takes everything and keeps the last bytes, where programs say what went
// wrong. It is safe for concurrent use.
type Tail struct {
	Keep int // bytes kept

	mu    sync.Mutex
	buf   []byte
	total int
}

// Write implements io.Writer; it never fails.
func (t *Tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.total += len(p)
	t.buf = append(t.buf, p[max(0, len(p)-t.Keep):]...)
	if len(t.buf) > 2*t.Keep {
		t.buf = append(t.buf[:0], t.buf[len(t.buf)-t.Keep:]...)
	}
	return len(p), nil
}

// String returns the end of what was written as valid UTF-8, in at most Keep bytes that say so when there was more.
func (t *Tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	note := ""
	if t.total > t.Keep {
		note = fmt.Sprintf("(the end of %d bytes)\n", t.total)
	}
	if len(note) > t.Keep/2 {
		note = "" // a tiny limit is better spent on the output itself
	}
	return note + end(string(t.buf), t.Keep-len(note))
}

// end returns s as valid UTF-8, cut to its last n bytes or a little less.
func end(s string, n int) string {
	s = strings.ToValidUTF8(s, string(utf8.RuneError))
	from := max(0, len(s)-n)
	for from < len(s) && !utf8.RuneStart(s[from]) {
		from++
	}
	return s[from:]
}
