package resolver

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tree makes a host of files by path; a text "-> PATH" is a symbolic link.
func tree(t *testing.T, files map[string]string) *Host {
	t.Helper()
	h := &Host{Root: t.TempDir()}
	for name, text := range files {
		path := h.path(name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, link := strings.CutPrefix(text, "-> "); link {
			err = os.Symlink(target, path)
		} else {
			err = os.WriteFile(path, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// usual is muster as it is by default.
func usual() Target {
	return Target{Server: netip.MustParseAddrPort("127.0.0.1:8600"), Zones: []string{"consul"}}
}

func withReverse() Target {
	t := usual()
	t.Reverse = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	return t
}

// What distributions ship, as far as it matters here.
const (
	stubLink      = "-> ../run/systemd/resolve/stub-resolv.conf"
	debianUnbound = "# comment\ninclude-toplevel: \"/etc/unbound/unbound.conf.d/*.conf\"\n"
	fedoraUnbound = "server:\n\tinclude: /etc/unbound/local.d/*.conf\ninclude: /etc/unbound/conf.d/*.conf # more\n"
	debianDnsmasq = "CONFIG_DIR=/etc/dnsmasq.d,.dpkg-dist,.dpkg-old,.dpkg-new\n"
	fedoraDnsmasq = "#conf-dir=/etc/other\nconf-dir=/etc/dnsmasq.d,.rpmnew,.rpmsave,.rpmorig\n"
	alpineDnsmasq = "conf-dir=/etc/dnsmasq.d/,*.conf\n"
	library       = "/usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-"
)
