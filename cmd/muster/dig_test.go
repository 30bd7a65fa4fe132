package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestProbeToDig starts the real binary with three service files, asks with the
// real dig, breaks and mends what a probe watches, reloads, and stops it.
func TestProbeToDig(t *testing.T) {
	if _, err := exec.LookPath("dig"); err != nil {
		t.Skip("SKIPPED: dig is not installed (Debian: bind9-dnsutils)")
	}
	target, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { target.Close() }()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"1-web.json": `{"service": {"name": "web", "id": "web1", "address": "192.0.2.1", "port": 80, "tags": ["v1"]}}`,
		"2-web.json": fmt.Sprintf(`{"service": {"name": "web", "id": "web2", "address": "192.0.2.2", "port": 81, // watched
			"check": {"tcp": %q, "interval": "100ms"},}}`, target.Addr()),
		"3-db.json": `{"services": [{"name": "db", "address": "2001:db8::1", "port": 5432, "check": {"ttl": "10m"}}]}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := startProcess(t, "-dev", "-config-dir", dir)

	p.digs("both instances", "192.0.2.1 192.0.2.2", "web.service.consul", "+short")
	p.digs("over TCP", "192.0.2.1 192.0.2.2", "web.service.consul", "+short", "+tcp")
	p.digs("the set of SRV", "1 1 80 c0000201.addr.dc1.consul. 1 1 81 c0000202.addr.dc1.consul.", "web.service.consul", "SRV", "+short")
	p.digs("a tag", "192.0.2.1", "v1.web.service.consul", "+short")
	p.digs("the other case", "192.0.2.1", "V1.Web.SERVICE.consul", "+short")
	p.digs("a check that never passed", "NXDOMAIN", "db.service.consul", "AAAA")

	address := target.Addr().String()
	target.Close()
	p.digs("after the break", "192.0.2.1", "web.service.consul", "+short")
	if target, err = net.Listen("tcp", address); err != nil {
		t.Fatal(err)
	}
	p.digs("after the mending", "192.0.2.1 192.0.2.2", "web.service.consul", "+short")

	p.putOK("/v1/agent/check/pass/service:db")
	p.digs("after a heartbeat", "2001:db8::1", "db.service.consul", "AAAA", "+short")

	if err := os.WriteFile(filepath.Join(dir, "4-new.json"), []byte(`{"service": {"name": "new", "address": "192.0.2.9"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	p.signal(syscall.SIGHUP)
	p.digs("after a reload", "192.0.2.9", "new.service.consul", "+short")
	p.digs("state kept over the reload", "2001:db8::1", "db.service.consul", "AAAA", "+short")

	if code := p.stop(syscall.SIGTERM); code != 0 {
		t.Errorf("exit code %d after SIGTERM", code)
	}
}

// digs asks until the answer is want: the short answers sorted, or the response code without +short.
func (p *process) digs(what, want string, args ...string) {
	p.t.Helper()
	host, port, err := net.SplitHostPort(p.dns)
	if err != nil {
		p.t.Fatal(err)
	}
	eventually(p.t, what+": "+strings.Join(args, " "), func() (bool, string) {
		out, err := exec.Command("dig", append([]string{"@" + host, "-p", port, "+tries=1", "+time=2"}, args...)...).Output()
		if err != nil {
			return false, err.Error()
		}
		got := string(out)
		if slices.Contains(args, "+short") {
			lines := strings.Fields(strings.ReplaceAll(got, " ", "~"))
			slices.Sort(lines)
			got = strings.ReplaceAll(strings.Join(lines, " "), "~", " ")
		} else {
			_, got, _ = strings.Cut(got, "status: ")
			got, _, _ = strings.Cut(got, ",")
		}
		return got == want, fmt.Sprintf("%q, want %q", got, want)
	})
}

func (p *process) putOK(path string) {
	p.t.Helper()
	req, err := http.NewRequest(http.MethodPut, "http://"+p.http+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		p.t.Fatalf("PUT %s: %s", path, resp.Status)
	}
}
