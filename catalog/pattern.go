package catalog

import (
	"regexp"
	"regexp/syntax"
)

// Bounds of regular expressions that clients send.
const (
	maxPatternBytes = 512
	maxPatternSize  = 4096 // parts, those that are repeated counted as often
)

// Pattern compiles a regular expression (RE2) that a client sent. The errors are Invalid and begin with
// the field; what is long, or repeats so much that to compile it costs, is refused.
func Pattern(field, text string) (*regexp.Regexp, error) {
	if len(text) > maxPatternBytes {
		return nil, Errorf(Invalid, "%s: the regular expression has %d bytes, the limit is %d", field, len(text), maxPatternBytes)
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, Errorf(Invalid, "%s: %w", field, err)
	}
	if sizeOfPattern(tree) > maxPatternSize {
		return nil, Errorf(Invalid, "%s: the regular expression repeats too much", field)
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, Errorf(Invalid, "%s: %w", field, err)
	}
	return re, nil
}

// sizeOfPattern estimates how large an expression is when it is compiled. Above the
// limit it need not be exact.
func sizeOfPattern(re *syntax.Regexp) int {
	size := 1 + len(re.Rune)
	for _, sub := range re.Sub {
		size = min(size+sizeOfPattern(sub), maxPatternSize+1)
	}
	if re.Op == syntax.OpRepeat {
		size *= max(re.Min, re.Max, 1)
	}
	return min(size, maxPatternSize+1)
}
