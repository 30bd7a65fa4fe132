package main

import (
	"io"
	"os"

	"golang.org/x/term"
)

// terminal returns the terminal that w is; nil: it is none, or one that can only be written to.
func (s *shell) terminal(w io.Writer) *os.File {
	if latched, is := w.(*latchedWriter); is {
		w = latched.w
	}
	f, isFile := w.(*os.File)
	if !isFile || s.env("TERM") == "dumb" || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return f
}

// colour reports whether output to w may be coloured (https://no-color.org).
func (s *shell) colour(w io.Writer) bool { return s.env("NO_COLOR") == "" && s.terminal(w) != nil }
