// Package terminal makes text fit for a terminal: without what could command it, and cut to its cells.
package terminal

import (
	"fmt"
	"strings"
	"unicode"

	"charm.land/lipgloss/v2"
)

// Printable blanks out what could command a terminal, in text that came from anywhere. Lines stay lines.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
}

// OneLine is Printable for text that must forge no lines.
func OneLine(text string) string { return strings.ReplaceAll(Printable(text), "\n", " ") }

// Count writes how many of something there are, whose name takes an "s" for more than one.
func Count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// Width is how many cells printable text of one line takes. A wide character takes two.
func Width(text string) int {
	if plain(text) {
		return len(text)
	}
	return lipgloss.Width(text)
}

// Cut parts printable text of one line behind as many characters as fit into width cells, and no less than
// one where there is any.
func Cut(text string, width int) (head, rest string) {
	if plain(text) {
		n := min(max(width, 1), len(text))
		return text[:n], text[n:]
	}
	head = lipgloss.NewStyle().Inline(true).MaxWidth(max(width, 1)).Render(text)
	if head == "" || !strings.HasPrefix(text, head) { // a wide character and one cell
		for i := range text {
			if i > 0 {
				return text[:i], text[i:]
			}
		}
		return text, ""
	}
	return head, text[len(head):]
}

// Clip cuts printable text of one line to at most width cells; the last of them says that something is missing.
func Clip(text string, width int) string {
	switch {
	case Width(text) <= width:
		return text
	case width <= 0:
		return ""
	case width == 1:
		return "…"
	}
	head, _ := Cut(text, width-1)
	if Width(head) > width-1 {
		head = ""
	}
	return head + "…"
}

// Pad makes printable text of one line width cells wide: longer is clipped, shorter is filled with
// blanks, in front of it when right is set.
func Pad(text string, width int, right bool) string {
	text = Clip(text, width)
	blanks := strings.Repeat(" ", max(width-Width(text), 0))
	if right {
		return blanks + text
	}
	return text + blanks
}

// plain reports whether every octet is a character of one cell.
func plain(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}
