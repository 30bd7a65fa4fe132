package ui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

// asset is a file as it is sent. Browsers ask each time whether it is still the
// same (no-cache), so that pages of two versions of the program never mix.
type asset struct {
	kind   string // media type
	tag    string // ETag, without its quotes
	plain  []byte
	zipped []byte // nil: packing makes it no smaller
}

// kinds are the media types of what is built in; the machine's own table may say otherwise.
var kinds = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8",
	".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
}

// pack reads all files and packs them, once.
func pack(files fs.FS) (map[string]asset, error) {
	packed := map[string]asset{}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(text)
		a := asset{kind: kinds[path.Ext(name)], tag: hex.EncodeToString(sum[:12]), plain: text}
		if a.kind == "" {
			a.kind = mime.TypeByExtension(path.Ext(name))
		}
		if z, err := zip(text); err != nil {
			return err
		} else if len(z) < len(text) {
			a.zipped = z
		}
		packed[name] = a
		return nil
	})
	return packed, err
}

func zip(text []byte) ([]byte, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(text); err != nil {
		return nil, err
	}
	err = z.Close()
	return b.Bytes(), err
}

// serve sends the asset, packed where the browser takes that, or 304 when it has it.
func (a asset) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("Vary", "Accept-Encoding")
	body, tag := a.plain, a.tag
	if a.zipped != nil && takesGzip(r) {
		h.Set("Content-Encoding", "gzip")
		body, tag = a.zipped, a.tag+"-gzip"
	}
	h.Set("ETag", `"`+tag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// takesGzip reports whether a browser takes gzip. All do; one that weighs its
// codings by "q" gets the plain file.
func takesGzip(r *http.Request) bool {
	for item := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		if strings.TrimSpace(item) == "gzip" {
			return true
		}
	}
	return false
}
