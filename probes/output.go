package probes

import (
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
