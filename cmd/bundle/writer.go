package bundle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"sync"
	"time"
)

// Bounds of what is in a bundle before it is compressed.
const (
	maxFile  = 16 << 20
	maxTotal = 256 << 20
)

// writer writes the files of a bundle. It is safe for concurrent use.
type writer struct {
	dir    string
	failed func(error) // told once the output fails

	mu   sync.Mutex
	zip  *gzip.Writer
	tar  *tar.Writer
	left int64 // of maxTotal
	err  error // of the output
}

func newWriter(w io.Writer, dir string) *writer {
	zip := gzip.NewWriter(w)
	return &writer{dir: dir, zip: zip, tar: tar.NewWriter(zip), left: maxTotal}
}

var errFull = errors.New("left out: the bundle is as large as it may be")

// add writes a file.
func (w *writer) add(name string, data []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if int64(len(data)) > w.left {
		return errFull
	}
	w.left -= int64(len(data))
	return w.write(name, data)
}

func (w *writer) write(name string, data []byte) error {
	if w.err != nil {
		return w.err
	}
	err := w.tar.WriteHeader(&tar.Header{Name: path.Join(w.dir, name), Size: int64(len(data)), Mode: 0o600, ModTime: time.Now(), Format: tar.FormatPAX})
	if err == nil {
		_, err = w.tar.Write(data)
	}
	if err == nil {
		err = errors.Join(w.tar.Flush(), w.zip.Flush()) // so that whoever watches sees it grow
	}
	if err != nil {
		w.err = fmt.Errorf("write the bundle: %w", err)
		w.failed(w.err)
	}
	return w.err
}

// index writes the index, however full the bundle is.
func (w *writer) index(i *Index) error {
	data, err := encode(i)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.write("index.json", data)
}

func (w *writer) close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return nil // it was told
	}
	return errors.Join(w.tar.Close(), w.zip.Close())
}

func encode(v any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return out.Bytes(), nil
}
