package agent

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"muster/catalog/document"
)

// maxConfigBytes is the largest config file.
const maxConfigBytes = 16 << 20

// source is one config file that was read.
type source struct {
	keys     fileKeys
	pos      document.Positions
	problems document.Problems
}

// broken reports whether decoding found fault with the value at a path or below it.
func (s *source) broken(at string) bool {
	for _, p := range s.problems {
		rest, within := strings.CutPrefix(document.Fold(p.Key), document.Fold(at))
		if within && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			return true
		}
	}
	return false
}

// reader reads config files, in order.
type reader struct {
	sources  []*source
	files    []string // names of all that was to be read
	problems document.Problems
	foreign  *foreignKeys
	warnings []string
}

func newReader() *reader { return &reader{foreign: newForeignKeys()} }

// path reads a file whatever its name, or the *.json files of a directory in
// the order of their names, those of directories below it not.
func (r *reader) path(path string) {
	info, err := os.Stat(path)
	if err != nil {
		r.fail(path, err)
		return
	}
	if !info.IsDir() {
		r.file(path)
		return
	}
	entries, err := os.ReadDir(path) // sorted by name
	if err != nil {
		r.fail(path, err)
		return
	}
	for _, e := range entries {
		name := filepath.Join(path, e.Name())
		switch filepath.Ext(name) {
		case ".json":
			if info, err := os.Stat(name); err == nil && info.IsDir() {
				continue
			}
			r.file(name)
		case ".hcl":
			r.warnings = append(r.warnings, name+": not read, only *.json files are")
		}
	}
}

func (r *reader) file(path string) {
	r.files = append(r.files, path)
	data, err := readLimited(path)
	if err != nil {
		r.fail(path, err)
		return
	}
	r.decode(path, data)
}

func (r *reader) decode(name string, data []byte) {
	s := &source{}
	opts := document.Options{Known: r.foreign.known, Positions: &s.pos, MaxBytes: maxConfigBytes}
	s.problems = document.Decode(name, data, &s.keys, opts)
	r.problems = append(r.problems, s.problems...)
	r.sources = append(r.sources, s)
}

// readLimited reads a file, or a pipe, a byte past the limit at most: the decoder then says it is too large.
func readLimited(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxConfigBytes+1))
}

func (r *reader) fail(path string, err error) {
	if !slices.Contains(r.files, path) {
		r.files = append(r.files, path)
	}
	r.problems = append(r.problems, document.Problem{File: path, Message: "cannot be read: " + withoutPath(err)})
}

// withoutPath returns an error of a file without what was tried and the name, which stand beside it.
func withoutPath(err error) string {
	if cause, ok := errors.AsType[*fs.PathError](err); ok {
		return cause.Err.Error()
	}
	return err.Error()
}

// place places a problem of the merged settings: at the flag that set the key,
// else in the last file that did, else nowhere.
func (r *reader) place(flags map[string]string, key, format string, args ...any) document.Problem {
	message := fmt.Sprintf(format, args...)
	// Lists are appended to: an index counts through the files' lists one after another.
	if list, index, rest := cutIndex(key); list != "" {
		for _, s := range r.sources {
			n := s.length(list)
			if index < n {
				return s.pos.Problem(fmt.Sprintf("%s[%d]%s", list, index, rest), message)
			}
			index -= n
		}
		key = list
	}
	if flag, ok := flags[document.Fold(key)]; ok {
		return document.Problem{Key: "-" + flag, Message: message}
	}
	for i := len(r.sources) - 1; i >= 0; i-- {
		if s := r.sources[i]; s.pos.Has(key) {
			return s.pos.Problem(key, message)
		}
	}
	if table, member, ok := strings.Cut(key, "."); ok && flags[document.Fold(table)] != "" {
		return document.Problem{Key: "-" + flags[document.Fold(table)] + " " + member, Message: message}
	}
	return document.Problem{Key: key, Message: message}
}

// length returns how many elements a file's list has.
func (s *source) length(list string) int {
	n := 0
	for s.pos.Has(fmt.Sprintf("%s[%d]", list, n)) {
		n++
	}
	return n
}

// cutIndex takes "recursors[2].x" apart; list is empty when there is no index.
func cutIndex(key string) (list string, index int, rest string) {
	list, after, ok := strings.Cut(key, "[")
	if !ok {
		return "", 0, ""
	}
	number, rest, _ := strings.Cut(after, "]")
	index, err := strconv.Atoi(number)
	if err != nil {
		return "", 0, ""
	}
	return list, index, rest
}
