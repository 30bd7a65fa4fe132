package archive

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"muster/catalog"
)

// Verify reads a whole archive and decodes all of its state. A nil error means that
// the state can be restored, and that the Meta is true. visit, if not nil, sees every
// row on the way, also of an archive that turns out to be refused in the end.
func Verify(r io.Reader, visit func(catalog.Row)) (Meta, error) {
	m, state, err := Open(r)
	if err != nil {
		return Meta{}, err
	}
	index, counts, err := catalog.Examine(state, visit)
	switch {
	case err != nil:
		return Meta{}, fmt.Errorf("read snapshot: %w", err)
	case index != m.Index:
		return Meta{}, fmt.Errorf("read snapshot: %s says index %d, the state is at %d", metaName, m.Index, index)
	case counts != m.Counts:
		return Meta{}, fmt.Errorf("read snapshot: %s counts %+v, the state holds %+v", metaName, m.Counts, counts)
	}
	return m, nil
}

// Open reads an archive up to its state. The reader it returns comes to its end only
// when the state was that of the checksums and nothing else was in the archive; until
// then what it gives may be damaged.
func Open(r io.Reader) (Meta, io.Reader, error) {
	a, err := open(r)
	if err != nil {
		return Meta{}, nil, fmt.Errorf("read snapshot: %w", err)
	}
	return a.meta, a, nil
}

// opened is an archive whose state is being read.
type opened struct {
	file     *bufio.Reader
	unzipped *gzip.Reader
	tar      *tar.Reader
	meta     Meta
	metaText []byte
	state    *tally
	err      error // for all further reads
}

func open(r io.Reader) (a *opened, err error) {
	a = &opened{file: bufio.NewReaderSize(r, 64<<10), state: newTally(io.Discard)}
	if a.unzipped, err = gzip.NewReader(a.file); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("this is no snapshot, or one that is damaged: %w", err)
	}
	a.unzipped.Multistream(false) // what follows is no part of the archive
	a.tar = tar.NewReader(a.unzipped)
	if a.metaText, err = a.small(metaName, maxMetaBytes); err != nil {
		return nil, err
	}
	if a.meta, err = parseMeta(a.metaText); err != nil {
		return nil, err
	}
	size, err := a.next(stateName, MaxStateBytes)
	if err == nil && size != a.meta.StateBytes {
		err = fmt.Errorf("%s: %d bytes, %s says %d", stateName, size, metaName, a.meta.StateBytes)
	}
	return a, err
}

// next goes on to the next member, which must be a plain file with a name, and returns its size.
func (a *opened) next(name string, limit int64) (int64, error) {
	h, err := a.tar.Next()
	switch {
	case err == io.EOF:
		return 0, fmt.Errorf("%s is missing", name)
	case err != nil:
		return 0, fmt.Errorf("%s: %w", name, err)
	case h.Name != name:
		return 0, fmt.Errorf("%.60q stands where %s belongs", h.Name, name)
	case h.Typeflag != tar.TypeReg || h.Format != tar.FormatUSTAR:
		return 0, fmt.Errorf("%s is not a plain file", name)
	case h.Size > limit:
		return 0, fmt.Errorf("%s: %d bytes, the limit is %d", name, h.Size, limit)
	}
	return h.Size, nil
}

// small reads a member whole.
func (a *opened) small(name string, limit int64) ([]byte, error) {
	size, err := a.next(name, limit)
	if err != nil {
		return nil, err
	}
	content := make([]byte, size)
	if _, err := io.ReadFull(a.tar, content); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return content, nil
}

// Read implements io.Reader for the state.
func (a *opened) Read(b []byte) (int, error) {
	if a.err != nil {
		return 0, a.err
	}
	n, err := a.tar.Read(b)
	_, _ = a.state.Write(b[:n]) // into nothing but the sum
	switch {
	case err == io.EOF:
		if a.err = a.close(); a.err == nil {
			a.err = io.EOF
		}
	case err != nil:
		a.err = fmt.Errorf("%s: %w", stateName, err)
	}
	return n, a.err
}

// close checks everything behind the state.
func (a *opened) close() error {
	text, err := a.small(sumsName, maxSumsBytes)
	if err != nil {
		return err
	}
	if !bytes.Equal(text, sums(a.metaText, a.state.text())) {
		return errors.New("the checksums do not match, the snapshot is damaged")
	}
	if h, err := a.tar.Next(); err == nil {
		return fmt.Errorf("%.60q stands where the archive should end", h.Name)
	} else if err != io.EOF {
		return fmt.Errorf("end of the archive: %w", err)
	}
	// The sum of gzip stands at the very end, and is looked at by whoever gets there.
	switch n, err := io.CopyN(io.Discard, a.unzipped, 1); {
	case n > 0:
		return errors.New("more data follows within the archive")
	case err != io.EOF:
		return fmt.Errorf("end of the archive: %w", err)
	}
	if _, err := a.file.Peek(1); err == nil {
		return errors.New("more data follows behind the archive")
	} else if err != io.EOF {
		return fmt.Errorf("end of the archive: %w", err)
	}
	return nil
}
