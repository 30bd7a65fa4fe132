package dns_test

import (
	"fmt"
	"strings"
	"testing"

	"muster/dns"
)

// TestExplainMessage holds what a handler adds: refusals, recursors, and what fits.
func TestExplainMessage(t *testing.T) {
	h := handler(t, current(crowd(t, 1, 60)), func(c *dns.Config) { c.Recursors = []string{"192.0.2.53"} })
	for _, c := range []struct {
		ask  string
		tcp  bool
		want string
	}{
		{ask: "s1.service.consul. A", want: "NOERROR 1 of 1 fit 1232"},
		{ask: "s60.service.consul. SRV", want: "NOERROR some of 60 fit 1232 tc"},
		{ask: "s60.service.consul. SRV", tcp: true, want: "NOERROR 60 of 60 fit 65535"},
		{ask: "example.com. A", want: "REFUSED 0 of 0 fit 1232 [192.0.2.53]"},
		{ask: "consul. AXFR", want: "REFUSED 0 of 0 fit 1232"},
		{ask: "consul. OPT", want: "FORMERR 0 of 0 fit 1232"},
	} {
		q := question(t, c.ask)
		q.UDP = !c.tcp
		e := h.Explain(q)
		sent := fmt.Sprint(e.Message.Sent)
		if n := e.Message.Sent; n > 0 && n < len(e.Answer.Answer) {
			sent = "some"
		}
		got := fmt.Sprintf("%s %s of %d fit %d", e.Answer.RcodeName(), sent, len(e.Answer.Answer), e.Message.Limit)
		if e.Message.Truncated {
			got += " tc"
		}
		if len(e.Recursors) > 0 {
			got += fmt.Sprint(" ", e.Recursors)
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.ask, got, c.want)
		}
		// The limit is what the reply has to keep, whatever it holds.
		if e.Message.Size > e.Message.Limit {
			t.Errorf("%s: %d octets", c.ask, e.Message.Size)
		}
	}
}

func TestNewQuestion(t *testing.T) {
	for _, c := range []struct{ name, qtype, want string }{
		{"web.service.consul", "srv", "web.service.consul. SRV"},
		{"WEB.service.consul.", "A", "WEB.service.consul. A"},
		{".", "NS", ". NS"},
		{`a b.\067.ü.\.x`, "A", `a\ b.C.\195\188.\.x. A`},
		{"a", "TYPE65280", "a. TYPE65280"},
		{"", "A", "invalid"},
		{"a..b", "A", "invalid"},
		{strings.Repeat("a", 64), "A", "invalid"},
		{strings.Repeat("a.", 128), "A", "invalid"},
		{"a", "", "invalid"},
		{"a", "TYPE65536", "invalid"},
		{"a", "bogus", "invalid"},
	} {
		got := "invalid"
		if q, err := dns.NewQuestion(c.name, c.qtype, true); err == nil {
			got = q.Name + " " + q.TypeName()
		}
		if got != c.want {
			t.Errorf("%.20q %q: %s, want %s", c.name, c.qtype, got, c.want)
		}
	}
}
