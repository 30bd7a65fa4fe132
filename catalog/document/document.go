// Package document decodes JSON that people write (comments and trailing commas
// allowed) into Go structs, strictly: every unknown key, wrong type and bad value
// is reported with its file, line, column and key, and all of them at once.
package document

import (
	"fmt"
	"reflect"

	"github.com/tailscale/hujson"
)

// Options adjusts Decode. The zero value is the strictest setting.
type Options struct {
	// AllowUnknown ignores keys that the struct lacks instead of refusing them.
	AllowUnknown bool
	// Known is asked about each key that the struct lacks, before it is called
	// unknown; nil knows none. When it answers known, a refusal becomes a problem
	// of that key, and without one the key and all below it is skipped.
	Known func(key ForeignKey) (refusal string, known bool)
	// Positions, when not nil, is filled with the place of every value that was met.
	Positions *Positions
	// Shapes is kept by callers who decode many documents; nil remembers nothing.
	Shapes *Shapes
	// MaxBytes is the largest input in bytes. 0: DefaultMaxBytes.
	MaxBytes int
}

// ForeignKey is a key that a struct lacks.
type ForeignKey struct {
	// Path is folded (see [Fold]) and carries no indexes: "services.check.dockercontainerid".
	Path string
	// Text is the path for people: "services[0].check.docker_container_id".
	Text string
	// Idle is true when the value asks for nothing: null, false, 0, "", or a list or object of only such.
	Idle bool
}

const (
	// DefaultMaxBytes is the largest input unless Options say otherwise. Parsing
	// may take some sixty times its size in memory.
	DefaultMaxBytes = 4 << 20
	// MaxDepth is how deep objects and arrays may be nested.
	MaxDepth = 64
	// maxProblems is after how many problems a document is given up.
	maxProblems = 1000
)

// Decode decodes data into the value that into points to and returns everything
// wrong with it; name stands in the problems as the file. Empty input, or input
// of comments only, decodes as {}. What had a problem keeps its former value,
// the rest is set nevertheless.
//
// Keys of objects match struct fields without regard to case and underscores. A
// field's keys are those of its tag `key:"canonical,alias,..."`, or else its
// name; `key:"-"` has none, and the fields of an embedded struct count as the
// struct's own. A null is as good as no key at all. Durations are
// strings such as "10s" or numbers of nanoseconds.
//
// A value behind a pointer that has a method Preset() gets it called before its
// keys are decoded, to be given what keys that are left out mean.
//
// Decode panics when into is not a pointer, or for a field of a type it does not
// handle (channels, functions, arrays and the like); no input makes it panic.
func Decode(name string, data []byte, into any, opts Options) Problems {
	target := reflect.ValueOf(into)
	if target.Kind() != reflect.Pointer || target.IsNil() {
		panic(fmt.Sprintf("document: Decode into %T", into))
	}
	text, root, problem := parse(data, opts.MaxBytes)
	d := &decoder{name: name, lines: newLines(text), opts: opts}
	if d.opts.Shapes == nil {
		d.opts.Shapes = &Shapes{}
	}
	if opts.Positions != nil {
		opts.Positions.reset(name, d.lines)
	}
	switch {
	case problem != nil:
		d.report(problem.offset, path{}, "%s", problem.message)
	case root != nil:
		d.value(target.Elem(), root, path{})
	}
	return d.problems
}

// decoder is the state of one Decode.
type decoder struct {
	name     string
	lines    lines
	opts     Options
	problems Problems
}

// report adds a problem at a byte offset.
func (d *decoder) report(offset int, at path, format string, args ...any) {
	if d.full() {
		return
	}
	line, column := d.lines.at(offset)
	p := Problem{File: d.name, Line: line, Column: column, Key: at.text, Message: fmt.Sprintf(format, args...)}
	d.problems = append(d.problems, p)
	if d.full() {
		d.problems = append(d.problems, Problem{File: d.name, Line: line, Column: column, Message: "too many problems, gave up here"})
	}
}

// full reports whether the document has been given up.
func (d *decoder) full() bool { return len(d.problems) >= maxProblems }

// wants reports a value of the wrong type.
func (d *decoder) wants(v *hujson.Value, at path, what string) {
	d.report(v.StartOffset, at, "wants %s, has %s", what, describe(v))
}

// describe names the type of a value for people.
func describe(v *hujson.Value) string {
	switch v.Value.Kind() {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case 'n':
		return "null"
	}
	return "a boolean"
}
