package resolver

import "strings"

// What NetworkManager may do about DNS (NetworkManager.conf(5), "dns").
const (
	nmDefault  = "default"          // it writes the servers of its links into resolv.conf
	nmDnsmasq  = "dnsmasq"          // it runs a dnsmasq of its own
	nmResolved = "systemd-resolved" // it hands the servers of each link to systemd-resolved
)

// nmMode returns what NetworkManager does about DNS, and the file that says so, if one does. A file
// that muster wrote does not count: what it says is what is to be decided.
func (h *Host) nmMode(rc *resolvConf) (mode, from string) {
	mode = nmDefault
	if rc.ofResolved() {
		mode = nmResolved // what it then chooses by itself
	}
	files := h.glob("/usr/lib/NetworkManager/conf.d/*.conf")
	files = append(files, h.glob("/run/NetworkManager/conf.d/*.conf")...)
	files = append(files, "/etc/NetworkManager/NetworkManager.conf")
	files = append(files, h.glob("/etc/NetworkManager/conf.d/*.conf")...)
	files = append(files, "/var/lib/NetworkManager/NetworkManager-intern.conf")
	for _, file := range files {
		text := h.text(file)
		if _, ours := bodyOf(text); ours {
			continue
		}
		if value := keyFileValue(text, "main", "dns"); value != "" {
			mode, from = value, file
		}
	}
	return mode, from
}

// keyFileValue is the last value of a key in a section of a file such as those of NetworkManager and systemd.
func keyFileValue(text, section, key string) (value string) {
	in := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "["); ok {
			in = strings.TrimSuffix(name, "]")
			continue
		}
		k, v, ok := strings.Cut(line, "=")
		if ok && in == section && strings.TrimSpace(k) == key {
			value = strings.TrimSpace(v)
		}
	}
	return value
}
