package main

import (
	"strings"
	"unicode"
)

// printable blanks out what could command a terminal, in text that came from anywhere. Lines stay lines.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
}
