package document

import (
	"errors"
	"strconv"
	"strings"
)

// Problem is one thing wrong with a document.
type Problem struct {
	File    string // as given to Decode; may be empty
	Line    int    // from 1; 0: no particular place
	Column  int    // in bytes, from 1
	Key     string // path such as "services[0].check.interval"; empty: the document itself
	Message string
}

// Error returns "file:line:column: key: message" without the parts that are empty.
func (p Problem) Error() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File + ":")
	}
	if p.Line > 0 {
		b.WriteString(strconv.Itoa(p.Line) + ":" + strconv.Itoa(p.Column) + ":")
	}
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	if p.Key != "" {
		b.WriteString(p.Key + ": ")
	}
	b.WriteString(p.Message)
	return b.String()
}

// Problems is everything wrong with one or more documents, in the order it was met.
type Problems []Problem

// Join returns the problems' texts with sep between them.
func (p Problems) Join(sep string) string {
	texts := make([]string, len(p))
	for i, q := range p {
		texts[i] = q.Error()
	}
	return strings.Join(texts, sep)
}

// Err returns nil when there are no problems, else an error that lists them one a line.
func (p Problems) Err() error {
	if len(p) == 0 {
		return nil
	}
	return errors.New(p.Join("\n"))
}
