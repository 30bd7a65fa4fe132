package document

import "bytes"

// scan looks at the brackets, strings and comments of a text before it is parsed.
// The parser recurses, so hostile nesting must be met here; and where something
// is left open, this can point to its beginning while the parser points to the end of the file.
func scan(b []byte) (empty bool, problem *fault) {
	empty = true
	var open []int // offsets of brackets not yet closed
	for n := 0; n < len(b); n++ {
		switch c := b[n]; {
		case c == ' ', c == '\t', c == '\r', c == '\n':
			continue
		case c == '/' && bytes.HasPrefix(b[n:], []byte("//")):
			n = endOf(b, n, "\n") - 1
			continue
		case c == '/' && bytes.HasPrefix(b[n:], []byte("/*")):
			end := bytes.Index(b[n+2:], []byte("*/"))
			if end < 0 {
				return false, &fault{n, "comment is not closed"}
			}
			n += 2 + end + 1
			continue
		case c == '"':
			end, problem := scanString(b, n)
			if problem != nil {
				return false, problem
			}
			n = end
		case c == '{', c == '[':
			if open = append(open, n); len(open) > MaxDepth {
				return false, &fault{n, "is nested too deep"}
			}
		case c == '}', c == ']':
			if len(open) == 0 || b[open[len(open)-1]] != c-2 { // '[' and '{' stand two before their ends
				return false, nil // the parser says it better
			}
			open = open[:len(open)-1]
		}
		empty = false
	}
	if len(open) > 0 {
		at := open[len(open)-1]
		return false, &fault{at, "'" + string(b[at]) + "' is not closed"}
	}
	return empty, nil
}

// scanString returns the offset of the quote that ends the string beginning at start.
func scanString(b []byte, start int) (int, *fault) {
	for n := start + 1; n < len(b); n++ {
		switch c := b[n]; {
		case c == '"':
			return n, nil
		case c == '\n' || c == '\r':
			return 0, &fault{start, "string is not closed on its line"}
		case c < ' ':
			return 0, &fault{n, "control character in a string; write it as an escape"}
		case c == '\\' && n+1 < len(b) && (b[n+1] == '"' || b[n+1] == '\\'):
			n++
		}
	}
	return 0, &fault{start, "string is not closed"}
}

// endOf returns the offset behind the next end at or after from, or the length of b.
func endOf(b []byte, from int, end string) int {
	if i := bytes.Index(b[from:], []byte(end)); i >= 0 {
		return from + i + len(end)
	}
	return len(b)
}
