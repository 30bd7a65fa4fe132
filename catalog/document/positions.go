package document

import (
	"slices"
	"sort"
	"strings"
)

// lines turns byte offsets into lines and columns: the offsets at which lines begin.
type lines []int

func newLines(text []byte) lines {
	l := lines{0}
	for i, c := range text {
		if c == '\n' {
			l = append(l, i+1)
		}
	}
	return l
}

// at returns line and column, both from 1, of a byte offset.
func (l lines) at(offset int) (line, column int) {
	i := sort.SearchInts(l, offset+1) - 1
	return i + 1, offset - l[i] + 1
}

// path is the way from the root of a document to a value, in the forms it is needed in.
type path struct {
	text    string // for people: "services[0].check.interval"
	folded  string // for Positions: "services[0].check.interval" with every key folded
	pattern string // for Options.Known: "services.check.interval"
}

// key goes on to a member of an object.
func (p path) key(name string) path {
	folded := Fold(name)
	if p.text == "" {
		return path{text: quote(name), folded: folded, pattern: folded}
	}
	return path{text: p.text + "." + quote(name), folded: p.folded + "." + folded, pattern: p.pattern + "." + folded}
}

// index goes on to an element of a list.
func (p path) index(i int) path {
	at := bracket(i)
	return path{text: p.text + at, folded: p.folded + at, pattern: p.pattern}
}

// Positions tells where in a document its values stand.
type Positions struct {
	name    string
	lines   lines
	offsets map[string]int // by folded path
}

func (p *Positions) reset(name string, l lines) {
	*p = Positions{name: name, lines: l, offsets: map[string]int{}}
}

// Has reports whether the document has a value at a path (see At).
func (p *Positions) Has(at string) bool {
	_, ok := p.offsets[foldPath(at)]
	return ok
}

// At returns line and column of the value at a path of keys such as
// "services[1].check.interval", keys in any of the forms that match. When it is
// absent, that of the nearest value around it.
func (p *Positions) At(at string) (line, column int) {
	for at = foldPath(at); at != ""; at = parent(at) {
		if offset, ok := p.offsets[at]; ok {
			return p.lines.at(offset)
		}
	}
	if p.lines == nil {
		return 1, 1
	}
	return p.lines.at(p.offsets[""])
}

// Problem makes a problem of the value at a path.
func (p *Positions) Problem(at, message string) Problem {
	line, column := p.At(at)
	return Problem{File: p.name, Line: line, Column: column, Key: at, Message: message}
}

// File is the name of the document.
func (p *Positions) File() string { return p.name }

// parent cuts the last key or index off a path.
func parent(at string) string {
	return at[:max(strings.LastIndexAny(at, ".["), 0)]
}

// foldPath folds the keys of a path. Points and brackets are not touched by folding.
func foldPath(at string) string { return Fold(at) }

// Fold returns the form of a key in which keys are compared: ASCII lower case
// without underscores.
func Fold(key string) string {
	if !strings.ContainsFunc(key, func(r rune) bool { return r == '_' || 'A' <= r && r <= 'Z' }) {
		return key
	}
	b := slices.DeleteFunc([]byte(key), func(c byte) bool { return c == '_' })
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
