package main

import (
	"fmt"
	"io"
	"time"
)

// statusLine says how far work is: in the last line of a terminal, elsewhere with a line every five seconds.
type statusLine struct {
	w        io.Writer
	terminal bool
	shown    bool
	last     time.Time // that a line was written, elsewhere
}

func (s *shell) statusLine() *statusLine {
	return &statusLine{w: s.stderr, terminal: s.terminal(s.stderr) != nil, last: time.Now()}
}

func (l *statusLine) set(text string) {
	switch {
	case l.terminal:
		fmt.Fprintf(l.w, "\r\x1b[K%s", text)
		l.shown = true
	case time.Since(l.last) >= progressEvery:
		fmt.Fprintln(l.w, text)
		l.last = time.Now()
	}
}

func (l *statusLine) clear() {
	if l.shown {
		fmt.Fprint(l.w, "\r\x1b[K")
		l.shown = false
	}
}
