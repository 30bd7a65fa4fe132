package resolver

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Host is the machine that is set up, or the tree of one. Paths are as it sees them itself.
type Host struct {
	Root string // the directory that is its "/", from the root of this machine; empty: this machine, as it runs

	runs bool // tests: it runs, whatever its root
}

// Live reports whether the host is this machine, whose programs can be asked and told.
func (h *Host) Live() bool { return h.Root == "" || h.runs }

// path is where a path of the host is for this process.
func (h *Host) path(name string) string { return filepath.Join("/", h.Root, name) }

// linksFollowed bounds chains of symbolic links.
const linksFollowed = 10

// read returns a file's text, and the path that its symbolic links lead to, which is known for a file
// that is not there, too: in the tree of a machine that does not run /run is empty.
func (h *Host) read(name string) (text, real string, err error) {
	real = name
	for range linksFollowed {
		target, err := os.Readlink(h.path(real))
		if err != nil {
			data, err := os.ReadFile(h.path(real)) // no link, or not there
			return string(data), real, err
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(real), target)
		}
		real = target
	}
	return "", real, &fs.PathError{Op: "read", Path: name, Err: errors.New("too many symbolic links")}
}

// text is a file's text, or nothing.
func (h *Host) text(name string) string {
	text, _, err := h.read(name)
	if err != nil {
		return ""
	}
	return text
}

// exists reports whether there is such a file; a dangling link is none.
func (h *Host) exists(name string) bool {
	_, real, err := h.read(name)
	if err == nil {
		return true
	}
	_, err = os.Stat(h.path(real)) // a directory cannot be read
	return err == nil
}

// firstOf returns the first of some paths that exists.
func (h *Host) firstOf(names ...string) (string, bool) {
	for _, name := range names {
		if h.exists(name) {
			return name, true
		}
	}
	return "", false
}

// glob returns what matches a pattern, in order.
func (h *Host) glob(pattern string) []string {
	found, err := filepath.Glob(h.path(pattern))
	if err != nil { // of a pattern that is none
		return nil
	}
	for i, name := range found {
		found[i] = h.seen(name)
	}
	return found
}

// seen is how the host sees a path of this process.
func (h *Host) seen(name string) string {
	if rest, below := strings.CutPrefix(name, filepath.Clean("/"+h.Root)); below && h.Root != "" {
		return filepath.Join("/", rest)
	}
	return name
}

// pid reads the first of some pid files whose process is there and has a name. It returns 0 for none.
func (h *Host) pid(program string, files ...string) int {
	if !h.Live() {
		return 0
	}
	for _, file := range files {
		pid, err := strconv.Atoi(strings.TrimSpace(h.text(file)))
		if err == nil && pid > 0 && programOf("/proc", pid) == program {
			return pid
		}
	}
	return 0
}

// programOf is the name of a process as the kernel has it, no more than 15 characters; empty: there is none.
func programOf(proc string, pid int) string {
	comm, err := os.ReadFile(filepath.Join(proc, strconv.Itoa(pid), "comm"))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(comm))
}

// systemdVersion is the number of the host's systemd; 0: there is none, or it does not show.
func (h *Host) systemdVersion() int {
	const library = "/systemd/libsystemd-shared-"
	for _, dir := range []string{"/usr/lib", "/usr/lib64", "/usr/lib/*", "/lib", "/lib/*"} {
		for _, name := range h.glob(dir + library + "*.so") {
			digits := name[strings.LastIndex(name, library)+len(library):]
			if end := strings.IndexFunc(digits, func(c rune) bool { return c < '0' || c > '9' }); end > 0 {
				version, err := strconv.Atoi(digits[:end])
				if err == nil {
					return version
				}
			}
		}
	}
	return 0
}
