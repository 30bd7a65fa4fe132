package dnstest

import (
	"net/netip"
	"strconv"
	"strings"
	"testing"

	mdns "github.com/miekg/dns"
)

// optOf makes the OPT record that Case.EDNS describes.
func optOf(t testing.TB, text string) *mdns.OPT {
	t.Helper()
	o := &mdns.OPT{Hdr: mdns.RR_Header{Name: ".", Rrtype: mdns.TypeOPT}}
	for _, word := range strings.Fields(text) {
		key, value, _ := strings.Cut(word, "=")
		n, err := strconv.Atoi(key)
		switch {
		case err == nil:
			o.SetUDPSize(uint16(n))
		case key == "do":
			o.SetDo()
		case key == "nsid":
			o.Option = append(o.Option, &mdns.EDNS0_NSID{Code: mdns.EDNS0NSID})
		case key == "unknown":
			o.Option = append(o.Option, &mdns.EDNS0_LOCAL{Code: 65001, Data: []byte("?")})
		case key == "ecs":
			p := netip.MustParsePrefix(value)
			o.Option = append(o.Option, &mdns.EDNS0_SUBNET{
				Code: mdns.EDNS0SUBNET, Family: 1, SourceNetmask: uint8(p.Bits()), Address: p.Addr().AsSlice(),
			})
		case key == "v":
			v, err := strconv.ParseUint(value, 10, 8)
			if err != nil {
				t.Fatalf("EDNS version in %q: %v", text, err)
			}
			o.SetVersion(uint8(v))
		default:
			t.Fatalf("unknown word %q in EDNS %q", word, text)
		}
	}
	return o
}

// limit is the size the reply may have by muster's one rule.
func (c Case) limit() int {
	if c.TCP {
		return mdns.MaxMsgSize
	}
	if c.EDNS == "" {
		return 512
	}
	size, err := strconv.Atoi(strings.Fields(c.EDNS)[0])
	if err != nil {
		return 512
	}
	return min(max(size, 512), 1232)
}
