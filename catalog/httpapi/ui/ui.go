// Package ui is the web pages of an agent: services and their health, nodes, keys,
// sessions, DNS and the cluster, read from the documented HTTP API by the browser.
package ui

import (
	"embed"
	"io/fs"
	"net/http"
	"os"
	"strings"
)

//go:embed static
var static embed.FS

// policy lets a page load its own files and ask its own agent, and nothing else:
// a name or an output that someone registered can then not become a script.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Handler serves the files of dir under /ui/, or with an empty dir those built
// in. It is read anew for each request. Directories are shown by their
// index.html or not at all.
func Handler(dir string) http.Handler {
	if dir != "" {
		return handler{files: os.DirFS(dir)}
	}
	files, err := fs.Sub(static, "static")
	if err != nil {
		panic("ui: " + err.Error()) // the name is a constant
	}
	packed, err := pack(files)
	if err != nil {
		panic("ui: " + err.Error()) // the files are part of the program
	}
	return handler{files, packed}
}

// handler serves files.
type handler struct {
	files  fs.FS
	packed map[string]asset // those that are known not to change; nil: none
}

// ServeHTTP implements http.Handler.
func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/ui" {
		http.Redirect(w, r, "/ui/", http.StatusTemporaryRedirect)
		return
	}
	header := w.Header()
	header.Set("Content-Security-Policy", policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cache-Control", "no-cache")
	name, ok := h.file(strings.TrimPrefix(r.URL.Path, "/ui/"))
	if !ok {
		http.Error(w, "no such page", http.StatusNotFound)
		return
	}
	if a, known := h.packed[name]; known {
		a.serve(w, r)
		return
	}
	http.ServeFileFS(w, r, h.files, name)
}

// file returns the file that a path under /ui/ shows, and whether there is one.
func (h handler) file(name string) (string, bool) {
	if name == "" || strings.HasSuffix(name, "/") {
		name += "index.html"
	}
	if !fs.ValidPath(name) || hidden(name) {
		return "", false
	}
	info, err := fs.Stat(h.files, name)
	return name, err == nil && info.Mode().IsRegular()
}

// hidden reports whether a part of a path begins with a dot: such files are nobody's pages.
func hidden(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") {
			return true
		}
	}
	return false
}
