package resolver

import (
	"fmt"
	"strings"
)

// What the resolvers read. With the values that muster has by default it is what contrib ships, which a
// test holds against this and .ci/downstreams asks muster through.

// resolvedText is for systemd-resolved: its section is "Resolve" in a drop-in and "Delegate" in a dns-delegate file.
func resolvedText(t *Target, section string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[%s]\nDNS=%s\n", section, t.Server)
	for _, name := range t.names() {
		fmt.Fprintf(&b, "Domains=~%s\n", name)
	}
	return b.String()
}

func dnsmasqText(t *Target) string {
	var b strings.Builder
	server := fmt.Sprintf("%s#%d", t.Server.Addr(), t.Server.Port())
	for _, z := range t.Zones {
		fmt.Fprintf(&b, "server=/%s/%s\nrebind-domain-ok=/%s/\n", z, server, z)
	}
	for _, n := range t.Reverse {
		fmt.Fprintf(&b, "rev-server=%s,%s\n", n, server)
	}
	return b.String()
}

func unboundText(t *Target) string {
	var b strings.Builder
	stub := func(zone string) {
		fmt.Fprintf(&b, "stub-zone:\n  name: %q\n  stub-addr: %s@%d\n", zone, t.Server.Addr(), t.Server.Port())
	}
	b.WriteString("server:\n")
	if t.Server.Addr().IsLoopback() {
		b.WriteString("  do-not-query-localhost: no\n")
	}
	for _, z := range t.Zones {
		fmt.Fprintf(&b, "  domain-insecure: %q\n  private-domain: %q\n", z, z)
	}
	for _, z := range t.Zones {
		stub(z)
	}
	for _, n := range t.Reverse {
		zone := ReverseZone(n)
		// Transparent, as a network within one that unbound denies by default must be let out of that.
		fmt.Fprintf(&b, "server:\n  local-zone: \"%s.\" transparent\n  domain-insecure: %q\n", zone, zone)
		stub(zone)
	}
	return b.String()
}

// networkManagerText has NetworkManager run dnsmasq and point resolv.conf to it.
func networkManagerText() string { return "[main]\ndns=dnsmasq\n" }
