package dns_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"

	mdns "github.com/miekg/dns"

	"muster/dns"
	"muster/dns/dnstest"
)

// logged asks questions of a handler with a query log and returns the lines written, decoded.
func logged(t *testing.T, every int, ask func(*dns.Handler)) []map[string]any {
	t.Helper()
	var out bytes.Buffer
	cfg, d := dns.DefaultConfig(), deps()
	cfg.QueryLog = every
	d.Logger = slog.New(slog.NewJSONHandler(&out, nil))
	h, err := dns.NewHandler(cfg, current(dnstest.Catalog(t, world)), d)
	if err != nil {
		t.Fatal(err)
	}
	ask(h)
	var lines []map[string]any
	for line := range strings.Lines(out.String()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, fields)
	}
	return lines
}

func TestQueryLog(t *testing.T) {
	for _, c := range []struct {
		ask, from string
		want      map[string]any
	}{
		{"WEB.service.consul. A", "127.0.0.1", map[string]any{
			"client": "127.0.0.1", "name": "WEB.service.consul.", "type": "A", "rcode": "NOERROR", "path": "slow", "reason": ""}},
		{"down.service.consul. SRV", "::ffff:192.0.2.7", map[string]any{
			"client": "192.0.2.7", "name": "down.service.consul.", "type": "SRV", "rcode": "NXDOMAIN", "reason": "3 instances: 2 critical, 1 in maintenance"}},
		{"example.com. TYPE65280", "2001:db8::1", map[string]any{
			"client": "2001:db8::1", "name": "example.com.", "type": "TYPE65280", "rcode": "REFUSED", "reason": "not in a zone of this server"}},
	} {
		lines := logged(t, 1, func(h *dns.Handler) { dnstest.Ask(t, h, dnstest.Case{Ask: c.ask, From: c.from}) })
		if len(lines) != 1 {
			t.Fatalf("%s: %d lines", c.ask, len(lines))
		}
		if took, ok := lines[0]["took"].(float64); !ok || took <= 0 || lines[0]["msg"] != "dns query" {
			t.Errorf("%s: line %v", c.ask, lines[0])
		}
		for field, want := range c.want {
			if got := lines[0][field]; got != want {
				t.Errorf("%s: %s is %q, want %q", c.ask, field, got, want)
			}
		}
	}
}

func TestQueryLogOfWhatCannotBeRead(t *testing.T) {
	lines := logged(t, 1, func(h *dns.Handler) {
		dnstest.Exchange(h, []byte{1, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0}, true) // a question is missing
		dnstest.Exchange(h, []byte{1, 2, 0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0}, true)
	})
	if len(lines) != 1 || lines[0]["rcode"] != "FORMERR" || lines[0]["name"] != "" {
		t.Errorf("want the one that was answered, got %v", lines)
	}
}

func TestQueryLogSamples(t *testing.T) {
	const asked = 3000
	for every, bounds := range map[int][2]int{0: {0, 0}, 3: {800, 1200}} {
		n := len(logged(t, every, func(h *dns.Handler) {
			for range asked {
				dnstest.Ask(t, h, dnstest.Case{Ask: "web.service.consul. A"})
			}
		}))
		if n < bounds[0] || n > bounds[1] {
			t.Errorf("query_log %d: %d of %d were written down, want %v", every, n, asked, bounds)
		}
	}
}

// lockedBuffer may be read while others write.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestQueryLogTellsThePath asks the same question twice on one socket, which one
// worker answers, and once in a way that the cache is not asked for.
func TestQueryLogTellsThePath(t *testing.T) {
	var out lockedBuffer
	cfg, d := dns.DefaultConfig(), deps()
	cfg.Addrs, cfg.QueryLog = []string{"127.0.0.1:0"}, 1
	d.Logger = slog.New(slog.NewTextHandler(&out, nil))
	s, err := dns.New(cfg, current(dnstest.Catalog(t, world)), d)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	conn, err := mdns.DialTimeout("udp", s.Addrs()[0].String(), patience)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for i := range 3 {
		m := new(mdns.Msg)
		m.SetQuestion("down.service.consul.", mdns.TypeA)
		if i == 2 {
			m.SetEdns0(1232, false)
			m.IsEdns0().Option = []mdns.EDNS0{&mdns.EDNS0_NSID{Code: mdns.EDNS0NSID}}
		}
		if _, _, err := (&mdns.Client{Timeout: patience}).ExchangeWithConn(m, conn); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var paths []string
	for line := range strings.Lines(out.String()) {
		if !strings.Contains(line, `name=down.service.consul. type=A rcode=NXDOMAIN`) || !strings.Contains(line, `reason="3 instances: 2 critical, 1 in maintenance"`) {
			continue
		}
		_, rest, _ := strings.Cut(line, " path=")
		path, _, _ := strings.Cut(rest, " ")
		paths = append(paths, path)
	}
	if got := strings.Join(paths, " "); got != "miss hit slow" {
		t.Errorf("paths are %q, the log\n%s", got, out.String())
	}
}
