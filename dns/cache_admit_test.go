package dns_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"testing"

	mdns "github.com/miekg/dns"

	"muster/dns"
	"muster/dns/dnstest"
	"muster/metrics"
)

// TestRateLimitOfHits holds that kept answers are under the same limit as others.
func TestRateLimitOfHits(t *testing.T) {
	d, _ := newDesk(t, live{dnstest.Catalog(t, watchedWorld)}, func(c *dns.Config) { c.RateLimit, c.RateLimitSlip = 4, 2 })
	stranger, query := netip.MustParseAddr("192.0.2.1"), packed(t, "web.service.consul.", mdns.TypeA, 1232)
	var sizes []int
	for range 8 {
		out := make([]byte, 1232)
		n, ok := d.cache.Answer(out, query, stranger)
		if !ok {
			t.Fatal("not answered")
		}
		sizes = append(sizes, n)
		m := new(mdns.Msg)
		if n > 0 && m.Unpack(out[:n]) != nil {
			t.Fatalf("%x", out[:n])
		}
		if n > 0 && m.Truncated != (len(m.Answer) == 0) {
			t.Errorf("%s", m)
		}
	}
	whole, slip := len(query)+16, len(query)
	if want := []int{whole, whole, whole, whole, 0, slip, 0, slip}; fmt.Sprint(sizes) != fmt.Sprint(want) {
		t.Errorf("sizes %v, want %v", sizes, want)
	}
}

// TestHitsAreLogged holds that the query log tells of kept answers as of others.
func TestHitsAreLogged(t *testing.T) {
	var text bytes.Buffer
	cfg := dns.DefaultConfig()
	cfg.QueryLog = 1
	h, err := dns.NewHandler(cfg, live{dnstest.Catalog(t, watchedWorld)}, dns.Deps{
		Metrics: metrics.New(metrics.Build{}).DNS, Logger: slog.New(slog.NewTextHandler(&text, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	cache := h.NewCache(true, 1)
	for _, c := range []struct{ name, path, rcode, reason string }{
		{"Web.service.consul.", "miss", "NOERROR", ""}, {"Web.service.consul.", "hit", "NOERROR", ""},
		{"None.service.consul.", "negative", "NXDOMAIN", "no service"}, {"n1.node.consul.", "miss", "NOERROR", "no records of this type"},
	} {
		text.Reset()
		cache.Answer(make([]byte, 1232), packed(t, c.name, mdns.TypeSRV, 0), localhost)
		for _, want := range []string{"client=127.0.0.1", "name=" + c.name, "type=SRV", "rcode=" + c.rcode, "path=" + c.path, c.reason} {
			if !strings.Contains(text.String(), want) {
				t.Errorf("log lacks %s: %s", want, text.String())
			}
		}
	}
}

// TestDenialsAreLimited holds that denials are under the same limit as others, and counted.
func TestDenialsAreLimited(t *testing.T) {
	d, _ := newDesk(t, live{dnstest.Catalog(t, watchedWorld)}, func(c *dns.Config) { c.RateLimitErrors, c.RateLimitSlip = 4, 2 })
	stranger := netip.MustParseAddr("192.0.2.1")
	var rcodes []int
	for i := range 8 {
		out := make([]byte, 1232)
		n, ok := d.cache.Answer(out, packed(t, fmt.Sprintf("x%d.service.consul.", i), mdns.TypeA, 1232), stranger)
		m, rcode := new(mdns.Msg), -1
		if n > 0 {
			if err := m.Unpack(out[:n]); err != nil {
				t.Fatal(err)
			}
			rcode = m.Rcode
		}
		if !ok || n > 0 && m.Truncated != (rcode == mdns.RcodeSuccess) {
			t.Errorf("%t: %s", ok, m)
		}
		rcodes = append(rcodes, rcode)
	}
	if want := []int{3, 3, 3, 3, -1, 0, -1, 0}; !slices.Equal(rcodes, want) {
		t.Errorf("codes %v, want %v; -1 is no reply", rcodes, want)
	}
	d.cache.Idle()
	if n := d.paths()["negative"]; n != 6 {
		t.Errorf("%v denials counted, want 6", n)
	}
}
