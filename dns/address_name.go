package dns

import (
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"

	"muster/catalog"
)

// hexLabel is the label of an address in HEX.addr names: 8 or 32 hex digits.
func hexLabel(a netip.Addr) string { return hex.EncodeToString(a.AsSlice()) }

// parseHex is the inverse of hexLabel.
func parseHex(s string) (netip.Addr, bool) {
	if len(s) != 8 && len(s) != 32 {
		return netip.Addr{}, false
	}
	b, err := hex.DecodeString(s)
	if err != nil {
		return netip.Addr{}, false
	}
	return netip.AddrFromSlice(b)
}

// bitsPerLabel is how many bits of an address one label of its reverse name holds.
func bitsPerLabel(a netip.Addr) int {
	if a.Is4() {
		return 8
	}
	return 4
}

// reverseAddr returns the address whose complete reverse name labels are (RFC 1035 section 3.5, RFC 3596 section 2.5).
func reverseAddr(labels []label) (netip.Addr, bool) {
	n := len(labels)
	if n < 2 || !catalog.EqualFold(labels[n-1].text, "arpa") {
		return netip.Addr{}, false
	}
	switch {
	case n == 4+2 && catalog.EqualFold(labels[n-2].text, "in-addr"):
		var b [4]byte
		for i := range b {
			text := labels[3-i].text
			v, err := strconv.ParseUint(text, 10, 8)
			if err != nil || len(text) > 1 && text[0] == '0' {
				return netip.Addr{}, false
			}
			b[i] = byte(v)
		}
		return netip.AddrFrom4(b), true
	case n == 32+2 && catalog.EqualFold(labels[n-2].text, "ip6"):
		var digits strings.Builder
		for i := range 32 {
			if len(labels[31-i].text) != 1 {
				return netip.Addr{}, false
			}
			digits.WriteString(labels[31-i].text)
		}
		return parseHex(digits.String())
	}
	return netip.Addr{}, false
}

// reverseOrigin is the origin of a network's reverse zone. The prefix ends on a label.
func reverseOrigin(p netip.Prefix) string {
	p = p.Masked()
	var parts []string
	if p.Addr().Is4() {
		b := p.Addr().As4()
		for i := p.Bits()/8 - 1; i >= 0; i-- {
			parts = append(parts, strconv.Itoa(int(b[i])))
		}
		return strings.Join(append(parts, "in-addr.arpa."), ".")
	}
	digits := hexLabel(p.Addr())
	for i := p.Bits()/4 - 1; i >= 0; i-- {
		parts = append(parts, digits[i:i+1])
	}
	return strings.Join(append(parts, "ip6.arpa."), ".")
}
