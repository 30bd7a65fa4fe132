package dns_test

import (
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"muster/dns"
	"muster/dns/dnstest"
)

const webA = "web.service.consul. A 10.1.0.1\nweb.service.consul. A 10.1.0.2"

func TestFlagsAndRefusals(t *testing.T) {
	state := dnstest.Catalog(t, world)
	var cases []dnstest.Case
	for _, tcp := range []bool{false, true} {
		for _, c := range []dnstest.Case{
			{Name: "rd and cd echoed, ad and tc not", Ask: "web.service.consul. A", With: "rd cd ad tc", Flags: "aa rd cd", Answer: webA},
			{Name: "outside", Ask: "example.com. A", With: "rd", Rcode: "REFUSED", Flags: "rd"},
			{Name: "outside with EDNS", Ask: "example.com. A", EDNS: "1232", Rcode: "REFUSED", Flags: "-",
				EDE: "20 not in a zone of this server"},
			{Name: "root", Ask: ". NS", Rcode: "REFUSED", Flags: "-"},
			{Name: "no text for strangers", Ask: "nope.service.consul. A", From: "203.0.113.9", EDNS: "1232", Rcode: "NXDOMAIN",
				Ns: soa("consul.", "consul.", state), EDE: "0"},
			{Name: "class CH", Ask: "web.service.consul. A CH", Rcode: "REFUSED", Flags: "-", EDNS: "1232", EDE: "21 only class IN is served"},
			{Name: "class ANY", Ask: "web.service.consul. A ANY", Rcode: "REFUSED", Flags: "-"},
			{Name: "class HS", Ask: "web.service.consul. A HS", Rcode: "REFUSED", Flags: "-"},
			{Ask: "version.bind. TXT CH", Rcode: "REFUSED", Flags: "-"},
			{Ask: "consul. AXFR", Rcode: "REFUSED", Flags: "-", EDNS: "1232", EDE: "21 zone transfers and the like are not served"},
			{Ask: "consul. IXFR", Rcode: "REFUSED", Flags: "-"},
			{Ask: "web.service.consul. TYPE0", Rcode: "FORMERR", Flags: "-"},
			{Ask: "web.service.consul. OPT", Rcode: "FORMERR", Flags: "-"},
		} {
			c.TCP = tcp
			cases = append(cases, c)
		}
	}
	dnstest.Run(t, handler(t, current(state), nil), cases)
}

func TestChaos(t *testing.T) {
	h := handler(t, current(dnstest.Catalog(t, world)), func(c *dns.Config) {
		c.EnableChaos, c.Version, c.NSID = true, "muster 1", "srv1"
	})
	dnstest.Run(t, h, []dnstest.Case{
		{Ask: "Version.Bind. TXT CH", Answer: `Version.Bind. CH TXT "muster 1"`},
		{Ask: "id.server. TXT CH", Answer: `id.server. CH TXT "srv1"`},
		{Ask: "id.server. A CH"},
		{Ask: "web.service.consul. TXT CH", Rcode: "REFUSED", Flags: "-"},
	})
}

func TestEDNS(t *testing.T) {
	h := handler(t, current(dnstest.Catalog(t, world)), func(c *dns.Config) { c.NSID = "srv1" })
	dnstest.Run(t, h, []dnstest.Case{
		{Ask: "web.service.consul. A", EDNS: "4096 v=1", Rcode: "BADVERS", Flags: "-"},
		{Ask: "web.service.consul. A", EDNS: "4096 unknown", Answer: webA},
	})
	ask := func(edns string) *mdns.OPT {
		reply, _ := dnstest.Ask(t, h, dnstest.Case{Ask: "web.service.consul. A", EDNS: edns})
		return reply.IsEdns0()
	}
	o := ask("4096 do nsid unknown ecs=192.0.2.0/24")
	if o.UDPSize() != 1232 || !o.Do() || o.Version() != 0 || len(o.Option) != 2 {
		t.Errorf("OPT is %s", o)
	}
	for _, option := range o.Option {
		switch option := option.(type) {
		case *mdns.EDNS0_NSID:
			if option.Nsid != hex.EncodeToString([]byte("srv1")) {
				t.Errorf("nsid is %s", option.Nsid)
			}
		case *mdns.EDNS0_SUBNET:
			if option.SourceScope != 0 || option.SourceNetmask != 24 || !option.Address.Equal(netip.MustParseAddr("192.0.2.0").AsSlice()) {
				t.Errorf("subnet is %s", option)
			}
		}
	}
	if o := ask("512"); o.Do() || len(o.Option) != 0 || o.UDPSize() != 1232 {
		t.Errorf("plain OPT is %s", o)
	}
	if o := ask("1232 v=9"); o.Version() != 0 {
		t.Errorf("BADVERS announces version %d", o.Version())
	}
}

// TestBareReplies holds what is answered to messages that cannot be read.
func TestBareReplies(t *testing.T) {
	h := handler(t, current(dnstest.Catalog(t, world)), nil)
	question := "03776562" + "0773657276696365" + "06636f6e73756c" + "00" + "0001" + "0001" // web.service.consul. A IN
	opt := "00" + "0029" + "04d0" + "00000000" + "0000"
	for name, c := range map[string]struct{ send, want string }{
		"short":                   {"123401000001000000000000"[:22], ""},
		"response":                {"1234 8100 0001 0000 0000 0000" + question, ""},
		"opcode STATUS":           {"1234 1100 0001 0000 0000 0000" + question, "1234 9104 0000 0000 0000 0000"},
		"opcode NOTIFY":           {"1234 2000 0001 0000 0000 0000" + question, "1234 a004 0000 0000 0000 0000"},
		"opcode UPDATE":           {"1234 2800 0001 0000 0000 0000" + question, "1234 a804 0000 0000 0000 0000"},
		"opcode 15":               {"1234 7800 0000 0000 0000 0000", "1234 f804 0000 0000 0000 0000"},
		"no question":             {"1234 0100 0000 0000 0000 0000", "1234 8101 0000 0000 0000 0000"},
		"two questions":           {"1234 0100 0002 0000 0000 0000" + question + question, "1234 8101 0000 0000 0000 0000"},
		"question missing":        {"1234 0100 0001 0000 0000 0000", "1234 8101 0000 0000 0000 0000"},
		"question cut off":        {"1234 0000 0001 0000 0000 0000 03776562", "1234 8001 0000 0000 0000 0000"},
		"compression loop":        {"1234 0000 0001 0000 0000 0000 c00c 0001 0001", "1234 8001 0000 0000 0000 0000"},
		"an answer":               {"1234 0000 0001 0001 0000 0000" + question + "c00c 0001 0001 00000000 0004 01020304", "1234 8001 0000 0000 0000 0000"},
		"fewer records than said": {"1234 0000 0001 0000 0000 0001" + question, "1234 8001 0000 0000 0000 0000"},
		"two OPT":                 {"1234 0000 0001 0000 0000 0002" + question + opt + opt, "1234 8001 0000 0000 0000 0000"},
		"OPT not at the root":     {"1234 0000 0001 0000 0000 0001" + question + "0161" + opt, "1234 8001 0000 0000 0000 0000"},
	} {
		t.Run(name, func(t *testing.T) {
			send, err := hex.DecodeString(strings.ReplaceAll(c.send, " ", ""))
			if err != nil {
				t.Fatal(err)
			}
			got := hex.EncodeToString(dnstest.Exchange(h, send, true))
			if want := strings.ReplaceAll(c.want, " ", ""); got != want {
				t.Errorf("reply is %s, want %s", got, want)
			}
		})
	}
}

func TestViews(t *testing.T) {
	state := dnstest.Catalog(t, world)
	consul := soa("consul.", "consul.", state)
	view := func(ready bool, age time.Duration) fixed {
		return fixed{Snapshot: state.Snapshot(), Ready: ready, Age: age}
	}
	servfail := func(ede string) []dnstest.Case {
		var out []dnstest.Case
		for _, ask := range []string{"web.service.consul. A", "nope.service.consul. A", "consul. SOA", "11.0.0.10.in-addr.arpa. PTR"} {
			out = append(out, dnstest.Case{Ask: ask, EDNS: "1232", Rcode: "SERVFAIL", Flags: "-", EDE: ede})
		}
		return out
	}
	notReady := servfail("14 the catalog is not loaded yet")
	tooStale := servfail("22 no server in reach for longer than stale data may be used")
	dnstest.Run(t, handler(t, fixed{}, nil), append(notReady,
		dnstest.Case{Ask: "example.com. A", Rcode: "REFUSED", Flags: "-"}))
	dnstest.Run(t, handler(t, view(true, 5*time.Second), nil), []dnstest.Case{
		{Ask: "web.service.consul. A", EDNS: "1232", Answer: webA}})
	dnstest.Run(t, handler(t, view(true, time.Hour), nil), []dnstest.Case{
		{Ask: "web.service.consul. A", EDNS: "1232", Answer: webA, EDE: "3"},
		{Ask: "web.service.consul. A", Answer: webA},
		{Ask: "nope.service.consul. A", EDNS: "1232", Rcode: "NXDOMAIN", Ns: consul, EDE: `19; 0 no service "nope"`},
		{Ask: "web.service.consul. AAAA", EDNS: "1232", Ns: consul, EDE: `3; 0 the name has addresses of the other family only`},
	})
	dnstest.Run(t, handler(t, view(true, time.Hour), func(c *dns.Config) { c.MaxStale = time.Minute }), tooStale)
	dnstest.Run(t, handler(t, view(true, 6*time.Second), func(c *dns.Config) { c.AllowStale = false }), tooStale)
}

// panics is a source that is broken.
type panics struct{}

func (panics) View() dns.View { panic("broken") }

func TestInternalErrorIsServfail(t *testing.T) {
	dnstest.Run(t, handler(t, panics{}, nil), []dnstest.Case{
		{Ask: "web.service.consul. A", EDNS: "1232", Rcode: "SERVFAIL", Flags: "-", EDE: "0 internal error"},
	})
}
