// Package resolver sets up the resolver of a host so that it asks muster for muster's zones. It finds
// out which program resolves names there, writes files into the directories where that program
// takes files of others, and follows a question along the way that those of programs go.
package resolver

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Kind is a way in which a host resolves names.
type Kind string

// The kinds. Resolvconf is a /etc/resolv.conf that names no resolver of this host.
const (
	Resolved       Kind = "resolved"
	NetworkManager Kind = "networkmanager"
	Dnsmasq        Kind = "dnsmasq"
	Unbound        Kind = "unbound"
	Resolvconf     Kind = "resolvconf"
)

// Kinds returns all kinds, in the order of the documentation.
func Kinds() []Kind { return []Kind{Resolved, NetworkManager, Dnsmasq, Unbound, Resolvconf} }

// Title is what people call it.
func (k Kind) Title() string {
	switch k {
	case Resolved:
		return "systemd-resolved"
	case NetworkManager:
		return "NetworkManager"
	case Resolvconf:
		return "resolv.conf"
	}
	return string(k)
}

// Target is what a resolver is to ask muster for, and where.
type Target struct {
	Server    netip.AddrPort // of muster's DNS
	Zones     []string       // at least one; without the last dot
	Reverse   []netip.Prefix // networks whose reverse zones muster has; they end on a label
	Recursors []string       `json:",omitempty"` // whom muster asks for the rest; nil: nobody, or it is not known
}

// Validate says what is wrong with a target. What it lets pass can stand in any configuration file.
func (t *Target) Validate() error {
	server := t.Server.Addr()
	if !t.Server.IsValid() || t.Server.Port() == 0 || server.IsUnspecified() || server.Zone() != "" {
		return fmt.Errorf("%s is no address and port that a resolver can ask", t.Server)
	}
	if len(t.Zones) == 0 {
		return fmt.Errorf("there is no zone")
	}
	for _, z := range t.Zones {
		if !isZone(z) {
			return fmt.Errorf("%q is no zone", z)
		}
	}
	for _, n := range t.Reverse {
		if step := labelBits(n.Addr()); n != n.Masked() || n.Bits() == 0 || n.Bits()%step != 0 {
			return fmt.Errorf("%s is no network that ends on a label of its reverse zone: its length is a multiple of %d bits, and the rest is 0", n, step)
		}
	}
	return nil
}

// isZone reports whether a name is of letters, digits, hyphens and underscores, as zones of hosts are.
func isZone(name string) bool {
	if len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 {
			return false
		}
		for _, c := range label {
			letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
			if !letter && c != '-' && c != '_' {
				return false
			}
		}
	}
	return true
}

// names are all zones, the reverse ones too.
func (t *Target) names() []string {
	names := slices.Clone(t.Zones)
	for _, n := range t.Reverse {
		names = append(names, ReverseZone(n))
	}
	return names
}

// labelBits is how many bits of an address a label of its reverse name stands for.
func labelBits(a netip.Addr) int {
	if a.Is4() {
		return 8
	}
	return 4
}

// ReverseZone is the name of a network's reverse zone (RFC 1035 section 3.5, RFC 3596 section 2.5).
func ReverseZone(n netip.Prefix) string {
	raw := n.Addr().AsSlice()
	labels := []string{"arpa", "in-addr"}
	if n.Addr().Is6() {
		labels[1] = "ip6"
	}
	for i := range n.Bits() / labelBits(n.Addr()) {
		if n.Addr().Is4() {
			labels = append(labels, strconv.Itoa(int(raw[i])))
		} else {
			labels = append(labels, strconv.FormatInt(int64(raw[i/2]>>(4*(1-i%2))&15), 16))
		}
	}
	slices.Reverse(labels)
	return strings.Join(labels, ".")
}
