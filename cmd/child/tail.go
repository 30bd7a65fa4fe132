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
	t.buf = t.buf[max(0, len(t.buf)-t.Keep):]
	return len(p), nil
}

// String returns what was kept, as valid UTF-8, and says when there was more.
func (t *Tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := strings.ToValidUTF8(string(t.buf), string(utf8.RuneError))
	if t.total > len(t.buf) {
		text = fmt.Sprintf("(the end of %d bytes)\n%s", t.total, text)
	}
	return text
}
