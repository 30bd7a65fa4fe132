package resolver

import (
	"path/filepath"
	"strings"
)

const (
	unboundMain  = "/etc/unbound/unbound.conf"
	dnsmasqMain  = "/etc/dnsmasq.conf"
	dnsmasqStart = "/etc/default/dnsmasq" // what Debian starts it with
	nmDnsmasqPID = "/run/NetworkManager/dnsmasq.pid"
	dropIn       = "muster.conf"
)

func unboundPIDs() []string { return []string{"/run/unbound.pid", "/run/unbound/unbound.pid"} }

// unboundDirs are where distributions have unbound look for files of others.
func unboundDirs() []string { return []string{"/etc/unbound/unbound.conf.d", "/etc/unbound/conf.d"} }

// unboundDir is the one of them that unbound's configuration includes; empty: none.
func (h *Host) unboundDir() string {
	var patterns []string
	for line := range strings.Lines(h.text(unboundMain)) {
		line, _, _ = strings.Cut(line, "#")
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		if key == "include" || key == "include-toplevel" {
			patterns = append(patterns, h.seen(strings.Trim(strings.TrimSpace(value), `"'`)))
		}
	}
	for _, dir := range unboundDirs() {
		for _, p := range patterns {
			if ok, err := filepath.Match(p, filepath.Join(dir, dropIn)); ok && err == nil {
				return dir
			}
		}
	}
	return ""
}

// dnsmasqDir is the directory of files of others that dnsmasq reads. Where only its command line says so,
// onCommandLine is that value of --conf-dir. dir is empty if it reads none.
func (h *Host) dnsmasqDir() (dir, onCommandLine string) {
	for line := range strings.Lines(h.text(dnsmasqMain)) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), "conf-dir="); ok {
			if dir := h.takesConf(value); dir != "" {
				return dir, ""
			}
		}
	}
	for line := range strings.Lines(h.text(dnsmasqStart)) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), "CONFIG_DIR="); ok {
			value = strings.Trim(value, `"'`)
			if dir := h.takesConf(value); dir != "" {
				return dir, value
			}
		}
	}
	return "", ""
}

// takesConf returns the directory of a --conf-dir in which files called *.conf are read; empty: they are not.
// Behind the directory stand ends of names that are left out, or with a star the only ones that are not.
func (h *Host) takesConf(value string) string {
	dir, ends, _ := strings.Cut(value, ",")
	only, listed := false, false
	for end := range strings.SplitSeq(ends, ",") {
		bare, star := strings.CutPrefix(strings.TrimSpace(end), "*")
		only = only || star
		if bare != "" && strings.HasSuffix(dropIn, bare) {
			if !star {
				return ""
			}
			listed = true
		}
	}
	if dir == "" || only && !listed {
		return ""
	}
	return h.seen(filepath.Clean(strings.TrimSpace(dir)))
}
