package document

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tailscale/hujson"
)

// fault is a problem at a byte offset.
type fault struct {
	offset  int
	message string
}

// parse returns the text that offsets count in and its syntax tree, which is nil
// for a text of nothing but blanks and comments.
func parse(data []byte, maxBytes int) ([]byte, *hujson.Value, *fault) {
	if maxBytes == 0 {
		maxBytes = DefaultMaxBytes
	}
	if len(data) > maxBytes {
		return nil, nil, &fault{0, fmt.Sprintf("has %d bytes, the limit is %d", len(data), maxBytes)}
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // some editors leave a byte order mark
	if i := invalidUTF8(data); i >= 0 {
		return data, nil, &fault{i, "is not UTF-8 text"}
	}
	empty, problem := scan(data)
	if empty || problem != nil {
		return data, nil, problem
	}
	// The parser wants even the last comment line ended. Clone, because it keeps the text.
	text := append(slices.Clone(data), '\n')
	root, err := hujson.Parse(text)
	if err != nil {
		return text, nil, syntax(text, err)
	}
	return text, &root, nil
}

// syntax finds the place of a parser's error, which it tells only in its text.
func syntax(text []byte, err error) *fault {
	message := err.Error()
	if cause := errors.Unwrap(err); cause != nil {
		message = cause.Error()
	}
	message = clip(strings.Map(printable, message), 80)
	var line, column int
	if _, scanErr := fmt.Sscanf(err.Error(), "hujson: line %d, column %d:", &line, &column); scanErr != nil {
		return &fault{0, message}
	}
	offset := 0
	for ; line > 1; line-- {
		offset = endOf(text, offset, "\n")
	}
	return &fault{min(offset+column-1, len(text)), message}
}

// printable keeps a terminal safe from what the text holds.
func printable(r rune) rune {
	if !unicode.IsPrint(r) {
		return '?'
	}
	return r
}

func invalidUTF8(b []byte) int {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

// clip shortens a text from outside for a message.
func clip(s string, limit int) string {
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "") + "..."
	}
	return s
}
