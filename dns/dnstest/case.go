package dnstest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	mdns "github.com/miekg/dns"

	"muster/dns"
)

// Case is a question and the reply expected. Records are zone text, one a line;
// a missing TTL means 0, a missing class IN. Their order does not matter.
type Case struct {
	Name string // of the subtest; empty: Ask
	Ask  string // "NAME TYPE" or "NAME TYPE CLASS"
	TCP  bool
	From string // client's address; empty: 127.0.0.1
	With string // flags of the query: "rd", "cd", "ad", "tc"
	EDNS string // OPT of the query: size, then "do", "nsid", "ecs=PREFIX", "v=N", "unknown"; empty: none

	Rcode  string // empty: NOERROR
	Flags  string // of the reply beside qr; empty: "aa"; "-": none
	Answer string
	Ns     string
	Extra  string // without OPT
	// Pick expects that many of Answer's records, whichever, instead of all.
	Pick int
	// EDE lists extended errors, "CODE" or "CODE TEXT", joined by "; ". Compared when EDNS is set.
	EDE string
}

// Run asks every case's question and compares the whole reply.
func Run(t *testing.T, h *dns.Handler, cases []Case) {
	t.Helper()
	for _, c := range cases {
		name := c.Name
		if name == "" {
			name = c.Ask
		}
		t.Run(name, func(t *testing.T) {
			reply, _ := Ask(t, h, c)
			c.compare(t, reply)
		})
	}
}

// Question sets a message's question from text such as "web.service.consul. SRV".
func Question(t testing.TB, m *mdns.Msg, ask string) {
	t.Helper()
	words := strings.Fields(ask)
	class := uint16(mdns.ClassINET)
	if len(words) == 3 {
		class = mdns.StringToClass[words[2]]
	}
	qtype, ok := mdns.StringToType[words[1]]
	if n, err := strconv.Atoi(strings.TrimPrefix(words[1], "TYPE")); !ok && err == nil {
		qtype, ok = uint16(n), true
	}
	if !ok {
		t.Fatalf("unknown type in %q", ask)
	}
	m.Question = []mdns.Question{{Name: words[0], Qtype: qtype, Qclass: class}}
}

func (c Case) query(t testing.TB) *mdns.Msg {
	t.Helper()
	m := new(mdns.Msg)
	m.Id = mdns.Id()
	Question(t, m, c.Ask)
	for _, f := range strings.Fields(c.With) {
		switch f {
		case "rd":
			m.RecursionDesired = true
		case "cd":
			m.CheckingDisabled = true
		case "ad":
			m.AuthenticatedData = true
		case "tc":
			m.Truncated = true
		}
	}
	if c.EDNS != "" {
		m.Extra = append(m.Extra, optOf(t, c.EDNS))
	}
	return m
}

func (c Case) compare(t *testing.T, reply *mdns.Msg) {
	t.Helper()
	want := c.Rcode
	if want == "" {
		want = "NOERROR"
	}
	if got := rcode(reply); got != want {
		t.Errorf("rcode is %s, want %s", got, want)
	}
	flags := c.Flags
	switch flags {
	case "":
		flags = "aa"
	case "-":
		flags = ""
	}
	if got := flagsOf(reply); got != flags {
		t.Errorf("flags are %q, want %q", got, flags)
	}
	c.compareAnswer(t, reply.Answer)
	same(t, "authority", Records(t, c.Ns), texts(reply.Ns))
	same(t, "additional", Records(t, c.Extra), texts(withoutOPT(reply.Extra)))
	opts := len(reply.Extra) - len(withoutOPT(reply.Extra))
	if asked := c.EDNS != ""; opts > 1 || (opts == 1) != asked {
		t.Errorf("%d OPT records, in the query: %t", opts, asked)
	}
	if c.EDNS != "" {
		if got := EDE(reply); got != c.EDE {
			t.Errorf("extended errors are %q, want %q", got, c.EDE)
		}
	}
}

func (c Case) compareAnswer(t *testing.T, answer []mdns.RR) {
	t.Helper()
	want, got := Records(t, c.Answer), texts(answer)
	if c.Pick == 0 {
		same(t, "answer", want, got)
		return
	}
	if len(slices.Compact(got)) != c.Pick {
		t.Errorf("answer has %d records, want %d of\n%s", len(got), c.Pick, strings.Join(want, "\n"))
	}
	for _, rr := range got {
		if !slices.Contains(want, rr) {
			t.Errorf("answer has %s", rr)
		}
	}
}

func same(t *testing.T, section string, want, got []string) {
	t.Helper()
	if !slices.Equal(want, got) {
		t.Errorf("%s is\n  %s\nwant\n  %s", section, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// Records parses zone text into the sorted texts of its records.
func Records(t testing.TB, zone string) []string {
	t.Helper()
	text := "$TTL 0\n" // so that no line takes the TTL of the one above
	for line := range strings.SplitSeq(zone, "\n") {
		text += strings.TrimSpace(line) + "\n" // a leading blank would mean "same owner"
	}
	p := mdns.NewZoneParser(strings.NewReader(text), ".", "")
	var out []mdns.RR
	for rr, ok := p.Next(); ok; rr, ok = p.Next() {
		out = append(out, rr)
	}
	if err := p.Err(); err != nil {
		t.Fatalf("zone text: %v", err)
	}
	return texts(out)
}

func texts(records []mdns.RR) []string {
	out := make([]string, len(records))
	for i, rr := range records {
		out[i] = strings.Join(strings.Fields(rr.String()), " ")
	}
	slices.Sort(out)
	return out
}

func withoutOPT(extra []mdns.RR) []mdns.RR {
	return slices.DeleteFunc(slices.Clone(extra), func(rr mdns.RR) bool { return rr.Header().Rrtype == mdns.TypeOPT })
}

func rcode(m *mdns.Msg) string {
	if m.Rcode == mdns.RcodeBadVers {
		return "BADVERS"
	}
	return mdns.RcodeToString[m.Rcode]
}

func flagsOf(m *mdns.Msg) string {
	var out []string
	for _, f := range []struct {
		set  bool
		name string
	}{
		{!m.Response, "NOT-qr"}, {m.Authoritative, "aa"}, {m.Truncated, "tc"}, {m.RecursionDesired, "rd"},
		{m.RecursionAvailable, "ra"}, {m.AuthenticatedData, "ad"}, {m.CheckingDisabled, "cd"}, {m.Zero, "z"},
	} {
		if f.set {
			out = append(out, f.name)
		}
	}
	return strings.Join(out, " ")
}

// EDE returns the extended errors of a reply as Case.EDE has them.
func EDE(m *mdns.Msg) string {
	var out []string
	if o := m.IsEdns0(); o != nil {
		for _, option := range o.Option {
			if e, ok := option.(*mdns.EDNS0_EDE); ok {
				out = append(out, strings.TrimSpace(fmt.Sprintf("%d %s", e.InfoCode, e.ExtraText)))
			}
		}
	}
	return strings.Join(out, "; ")
}
