package dns_test

import (
	"fmt"
	"strings"
	"testing"

	mdns "github.com/miekg/dns"

	"muster/catalog"
	"muster/dns"
	"muster/dns/dnstest"
)

// crowd is a catalog with services of the sizes given, whose instances have an IPv4
// and an IPv6 address each, and a node with much meta.
func crowd(t testing.TB, sizes ...int) *catalog.State {
	var text strings.Builder
	text.WriteString("node n 10.0.0.1 meta.long=" + strings.Repeat("x", 700) + "\n")
	for _, n := range sizes {
		for i := range n {
			fmt.Fprintf(&text, "service n s%d id=s%d-%d port=%d addr=10.1.%d.%d lan_ipv6=2001:db8::%x\n", n, n, i, i+1, i/250, i%250+1, i+1)
		}
	}
	return dnstest.Catalog(t, text.String())
}

// TestSizes asks for services of every size over every transport: no reply is too
// long (Ask sees to that), TC is set exactly when records are missing over UDP, OPT stays.
func TestSizes(t *testing.T) {
	src := current(crowd(t, 1, 60, 10000))
	for _, compression := range []bool{true, false} {
		h := handler(t, src, func(c *dns.Config) { c.DisableCompression = !compression })
		for _, n := range []int{1, 60, 10000} {
			for _, qtype := range []string{"A", "AAAA", "SRV"} {
				for _, c := range []dnstest.Case{{}, {EDNS: "512"}, {EDNS: "100"}, {EDNS: "1000 do"}, {EDNS: "65535"}, {TCP: true}, {TCP: true, EDNS: "512"}} {
					c.Ask = fmt.Sprintf("s%d.service.consul. %s", n, qtype)
					reply, size := dnstest.Ask(t, h, c)
					got := len(reply.Answer)
					if got == 0 || got > n {
						t.Errorf("%+v: %d answers", c, got)
					}
					if whole := got == n; reply.Truncated == (whole || c.TCP) {
						t.Errorf("%+v: TC is %t with %d of %d answers in %d octets", c, reply.Truncated, got, n, size)
					}
					if (c.EDNS != "") != (reply.IsEdns0() != nil) {
						t.Errorf("%+v: OPT is %v", c, reply.IsEdns0())
					}
				}
			}
		}
	}
}

// TestFill holds that a truncated reply is as full as it can be.
func TestFill(t *testing.T) {
	h := handler(t, current(crowd(t, 1, 60)), nil)
	for _, c := range []struct {
		dnstest.Case
		answers, extra int
	}{
		{dnstest.Case{Ask: "s60.service.consul. A"}, (512 - 12 - 24) / 16, 0},
		{dnstest.Case{Ask: "s60.service.consul. A", EDNS: "4096"}, 60, 1},
		{dnstest.Case{Ask: "s60.service.consul. AAAA", EDNS: "4096"}, (1232 - 12 - 25 - 11) / 28, 1},
	} {
		reply, _ := dnstest.Ask(t, h, c.Case)
		if len(reply.Answer) != c.answers || len(reply.Extra) != c.extra {
			t.Errorf("%s %s: %d answers and %d additional, want %d and %d", c.Ask, c.EDNS, len(reply.Answer), len(reply.Extra), c.answers, c.extra)
		}
	}
	// Additional records go before answers do: 8 SRV leave room for none of their glue's 60.
	reply, _ := dnstest.Ask(t, h, dnstest.Case{Ask: "s60.service.consul. SRV", EDNS: "1232"})
	if len(reply.Answer) < 20 || len(reply.Extra) != 1 || !reply.Truncated {
		t.Errorf("%d SRV with %d additional, TC %t", len(reply.Answer), len(reply.Extra), reply.Truncated)
	}
}

func TestLimits(t *testing.T) {
	src := current(crowd(t, 1, 60))
	limited := handler(t, src, func(c *dns.Config) { c.ARecordLimit, c.UDPAnswerLimit = 4, 2 })
	only := handler(t, src, func(c *dns.Config) { c.ARecordLimit = 4 })
	for _, c := range []struct {
		h    *dns.Handler
		ask  dnstest.Case
		want int
	}{
		{limited, dnstest.Case{Ask: "s60.service.consul. A"}, 2},
		{limited, dnstest.Case{Ask: "s60.service.consul. A", EDNS: "4096"}, 2},
		{limited, dnstest.Case{Ask: "s60.service.consul. SRV", EDNS: "4096"}, 2},
		{limited, dnstest.Case{Ask: "s60.service.consul. AAAA", TCP: true}, 4},
		{limited, dnstest.Case{Ask: "s60.service.consul. SRV", TCP: true}, 60},
		{only, dnstest.Case{Ask: "s60.service.consul. A"}, 4},
		{only, dnstest.Case{Ask: "s60.service.consul. ANY", TCP: true}, 8},
		{only, dnstest.Case{Ask: "s1.service.consul. A"}, 1},
	} {
		reply, _ := dnstest.Ask(t, c.h, c.ask)
		if len(reply.Answer) != c.want || reply.Truncated {
			t.Errorf("%+v: %d answers, TC %t; want %d of its own choice, no TC", c.ask, len(reply.Answer), reply.Truncated, c.want)
		}
	}
}

// TestWeightOfAnAddress holds that an address weighs what all its instances weigh together.
func TestWeightOfAnAddress(t *testing.T) {
	h := handler(t, current(dnstest.Catalog(t, world)), func(c *dns.Config) { c.ARecordLimit = 1 })
	for range 30 {
		dnstest.Run(t, h, []dnstest.Case{{Ask: "heavy.service.consul. A", Answer: "heavy.service.consul. A 10.5.1.1"}})
	}
}

func TestTruncateOff(t *testing.T) {
	h := handler(t, current(crowd(t, 1, 60)), func(c *dns.Config) { c.EnableTruncate = false })
	reply, _ := dnstest.Ask(t, h, dnstest.Case{Ask: "s60.service.consul. A"})
	if reply.Truncated || len(reply.Answer) != 29 {
		t.Errorf("%d answers, TC %t", len(reply.Answer), reply.Truncated)
	}
	reply, _ = dnstest.Ask(t, h, dnstest.Case{Ask: "n.node.consul. TXT"})
	if !reply.Truncated || len(reply.Answer) != 0 {
		t.Errorf("nothing fits, yet TC is %t with %d answers", reply.Truncated, len(reply.Answer))
	}
}

func TestLongMeta(t *testing.T) {
	h := handler(t, current(crowd(t, 1, 60)), nil)
	reply, _ := dnstest.Ask(t, h, dnstest.Case{Ask: "n.node.consul. TXT", EDNS: "1232"})
	if len(reply.Answer) != 1 {
		t.Fatalf("%d answers", len(reply.Answer))
	}
	if got := strings.Join(reply.Answer[0].(*mdns.TXT).Txt, ""); got != "long="+strings.Repeat("x", 700) {
		t.Errorf("text has %d octets", len(got))
	}
}
