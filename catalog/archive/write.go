package archive

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"

	"muster/catalog"
)

// Write writes a snapshot as an archive and returns what it says of itself. It
// holds no more than one row in memory: a first pass over the rows counts and sums them,
// because their size stands before them, a second one writes them.
func Write(w io.Writer, s *catalog.Snapshot, about About) (Meta, error) {
	first := newTally(io.Discard)
	if err := s.Persist(first); err != nil {
		return Meta{}, fmt.Errorf("write snapshot: %w", err)
	}
	about.Created = about.Created.UTC()
	m := Meta{Format: Format, Version: Version, Index: s.Index, About: about, Counts: s.Counts(), StateBytes: first.bytes}
	if err := write(w, s, m, first); err != nil {
		return Meta{}, fmt.Errorf("write snapshot: %w", err)
	}
	return m, nil
}

func write(w io.Writer, s *catalog.Snapshot, m Meta, first *tally) error {
	if m.StateBytes > MaxStateBytes {
		return fmt.Errorf("the state has %d bytes, the limit is %d", m.StateBytes, int64(MaxStateBytes))
	}
	meta, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	meta = append(meta, '\n')
	out := bufio.NewWriterSize(w, 64<<10) // gzip writes crumbs
	// Catalogs repeat themselves; more effort than the least takes time from the agent and saves little.
	z, err := gzip.NewWriterLevel(out, gzip.BestSpeed)
	if err != nil {
		return err
	}
	t := tar.NewWriter(z)
	if err := member(t, metaName, m, meta); err != nil {
		return err
	}
	if err := t.WriteHeader(header(stateName, m, m.StateBytes)); err != nil {
		return err
	}
	second := newTally(t)
	if err := s.Persist(second); err != nil {
		return err
	}
	if second.text() != first.text() {
		return errors.New("the state was not the same when it was read twice")
	}
	if err := member(t, sumsName, m, sums(meta, second.text())); err != nil {
		return err
	}
	for _, finish := range []func() error{t.Close, z.Close, out.Flush} {
		if err := finish(); err != nil {
			return err
		}
	}
	return nil
}

func header(name string, m Meta, size int64) *tar.Header {
	return &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: m.Created, Format: tar.FormatUSTAR}
}

func member(t *tar.Writer, name string, m Meta, content []byte) error {
	if err := t.WriteHeader(header(name, m, int64(len(content)))); err != nil {
		return err
	}
	_, err := t.Write(content)
	return err
}

// sums is the content of SHA256SUMS.
func sums(meta []byte, state string) []byte {
	return fmt.Appendf(nil, "%x  %s\n%s  %s\n", sha256.Sum256(meta), metaName, state, stateName)
}

// tally counts and sums what is written through it.
type tally struct {
	w     io.Writer
	sum   hash.Hash
	bytes int64
}

func newTally(w io.Writer) *tally { return &tally{w: w, sum: sha256.New()} }

// Write implements io.Writer.
func (t *tally) Write(b []byte) (int, error) {
	n, err := t.w.Write(b)
	t.sum.Write(b[:n])
	t.bytes += int64(n)
	return n, err
}

// text is the sum in hex.
func (t *tally) text() string { return fmt.Sprintf("%x", t.sum.Sum(nil)) }
