package resolver

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"muster/catalog/durable"
)

// What stands above the text of each file that muster writes: by it undo knows what is muster's own,
// and that nobody changed it since.
const (
	headerLine = "# Written by \"muster resolver apply\"; \"muster resolver undo\" removes it.\n"
	headerSum  = "# sha256 of the lines below: "
)

// withHeader is what is written for a text.
func withHeader(body string) string {
	sum := sha256.Sum256([]byte(body))
	return headerLine + headerSum + hex.EncodeToString(sum[:]) + "\n" + body
}

// bodyOf takes the header away again. ours says that there is one.
func bodyOf(text string) (body string, ours bool) {
	rest, ours := strings.CutPrefix(text, headerLine)
	if !ours {
		return "", false
	}
	_, body, _ = strings.Cut(rest, "\n")
	return body, true
}

// Action is what becomes of a file.
type Action string

// The actions. Refuse is for a file that is not muster's, or no longer.
const (
	Write   Action = "write"
	Replace Action = "replace"
	Keep    Action = "keep"
	Remove  Action = "remove"
	Refuse  Action = "refuse"
)

// File is one that muster has, or would have, in the configuration of a resolver.
type File struct {
	Path   string
	Action Action
	Why    string `json:",omitempty"` // of a refusal
	Text   string `json:",omitempty"` // all that is to stand in it
}

// found is what stands in a file's place.
type found struct {
	there bool
	text  string
	alien string // why muster may not touch it; empty: it may
}

// look looks at what stands in the place of a file. Symbolic links are nobody's but their maker's.
func (h *Host) look(path string) (found, error) {
	info, err := os.Lstat(h.path(path))
	if errors.Is(err, fs.ErrNotExist) {
		return found{}, nil
	}
	if err != nil {
		return found{}, err
	}
	if !info.Mode().IsRegular() {
		return found{there: true, alien: "it is no regular file"}, nil
	}
	data, err := os.ReadFile(h.path(path))
	if err != nil {
		return found{}, err
	}
	f := found{there: true, text: string(data)}
	if body, ours := bodyOf(f.text); !ours {
		f.alien = "muster did not write it"
	} else if withHeader(body) != f.text {
		f.alien = "it was changed since muster wrote it"
	}
	return f, nil
}

// planned decides what becomes of a file that is to have a body.
func (h *Host) planned(path, body string) (File, error) {
	f := File{Path: path, Action: Write, Text: withHeader(body)}
	now, err := h.look(path)
	switch {
	case err != nil:
		return f, err
	case now.alien != "":
		f.Action, f.Why = Refuse, now.alien
	case now.text == f.Text:
		f.Action = Keep
	case now.there:
		f.Action = Replace
	}
	return f, nil
}

// put writes a file for everybody to read, as resolvers seldom run as root, and returns what takes it back.
func (h *Host) put(f File) (takeBack func() error, err error) {
	now, err := h.look(f.Path)
	if err != nil {
		return nil, err
	}
	if now.alien != "" {
		return nil, &RefusedError{fmt.Sprintf("%s is left alone: %s", f.Path, now.alien)}
	}
	dir := filepath.Dir(h.path(f.Path))
	if err := h.confined(dir); err != nil {
		return nil, err
	}
	if err := makeDirs(dir); err != nil {
		return nil, err
	}
	if err := durable.Publish(h.path(f.Path), []byte(f.Text)); err != nil {
		return nil, err
	}
	return h.restore(f.Path, now), nil
}

// makeDirs makes a directory, and what is missing above it, for everybody to look into: by the umask alone
// the resolver might be shut out. Directories that are there already stay as they are.
func makeDirs(dir string) error {
	var missing []string
	for d := dir; d != filepath.Dir(d); d = filepath.Dir(d) {
		if _, err := os.Stat(d); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		missing = append(missing, d)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, d := range missing {
		if err := os.Chmod(d, 0o755); err != nil {
			return err
		}
	}
	return nil
}

// remove removes a file of muster's, and returns what takes that back.
func (h *Host) remove(path string) (takeBack func() error, err error) {
	now, err := h.look(path)
	if err != nil {
		return nil, err
	}
	if now.alien != "" {
		return nil, &RefusedError{fmt.Sprintf("%s is left alone: %s", path, now.alien)}
	}
	if err := h.confined(filepath.Dir(h.path(path))); err != nil {
		return nil, err
	}
	if err := durable.Remove(h.path(path)); err != nil {
		return nil, err
	}
	return h.restore(path, now), nil
}

// restore makes a file again what it was.
func (h *Host) restore(path string, was found) func() error {
	return func() error {
		if was.there {
			return durable.Publish(h.path(path), []byte(was.text))
		}
		return durable.Remove(h.path(path))
	}
}

// confined makes sure that no symbolic link in the tree of a host leads out of it. Of a directory that is
// not there its parent counts.
func (h *Host) confined(dir string) error {
	if h.Root == "" {
		return nil
	}
	root, err := filepath.EvalSymlinks(h.Root)
	if err != nil {
		return err
	}
	real, err := filepath.EvalSymlinks(dir)
	if errors.Is(err, fs.ErrNotExist) && dir != filepath.Dir(dir) {
		return h.confined(filepath.Dir(dir))
	}
	if err != nil {
		return err
	}
	rel, err := filepath.Rel(root, real)
	if err != nil || !filepath.IsLocal(rel) {
		return fmt.Errorf("%s leads out of %s", dir, h.Root)
	}
	return nil
}
