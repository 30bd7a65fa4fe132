package resolver

import (
	"net/netip"
	"os"
	"strings"
	"testing"
)

func TestReverseZone(t *testing.T) {
	for network, want := range map[string]string{
		"10.0.0.0/8":       "10.in-addr.arpa",
		"10.1.0.0/16":      "1.10.in-addr.arpa",
		"192.0.2.7/32":     "7.2.0.192.in-addr.arpa",
		"2001:db8::/32":    "8.b.d.0.1.0.0.2.ip6.arpa",
		"2001:db8:50::/44": "5.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
		"fd00::/8":         "d.f.ip6.arpa",
	} {
		if got := ReverseZone(netip.MustParsePrefix(network)); got != want {
			t.Errorf("%s is %s, want %s", network, got, want)
		}
	}
}

func TestValidate(t *testing.T) {
	for _, tc := range []struct {
		server  string
		zone    string
		network string
		want    string // part of the error; empty: none
	}{
		{"127.0.0.1:8600", "consul", "10.0.0.0/8", ""},
		{"[::1]:53", "dc1.example-1.com", "2001:db8::/36", ""},
		{"127.0.0.1:0", "consul", "10.0.0.0/8", "no address and port"},
		{"0.0.0.0:53", "consul", "10.0.0.0/8", "no address and port"},
		{"[fe80::1%eth0]:53", "consul", "10.0.0.0/8", "no address and port"},
		{"127.0.0.1:53", "", "10.0.0.0/8", `"" is no zone`},
		{"127.0.0.1:53", "con sul", "10.0.0.0/8", "is no zone"},
		{"127.0.0.1:53", "consul\"\n", "10.0.0.0/8", "is no zone"},
		{"127.0.0.1:53", "a..b", "10.0.0.0/8", "is no zone"},
		{"127.0.0.1:53", strings.Repeat("a", 64), "10.0.0.0/8", "is no zone"},
		{"127.0.0.1:53", strings.Repeat("a.", 130) + "a", "10.0.0.0/8", "is no zone"},
		{"127.0.0.1:53", "consul", "172.16.0.0/12", "8 bits"},
		{"127.0.0.1:53", "consul", "10.1.0.0/8", "8 bits"},
		{"127.0.0.1:53", "consul", "0.0.0.0/0", "8 bits"},
		{"127.0.0.1:53", "consul", "2001:db8::/33", "4 bits"},
	} {
		target := Target{Server: netip.MustParseAddrPort(tc.server), Zones: []string{tc.zone}, Reverse: []netip.Prefix{netip.MustParsePrefix(tc.network)}}
		err := target.Validate()
		if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s %q %s: %v, want %q", tc.server, tc.zone, tc.network, err, tc.want)
		}
	}
	if none := (&Target{Server: netip.MustParseAddrPort("127.0.0.1:53")}); none.Validate() == nil {
		t.Error("a target without a zone passes")
	}
}

// TestSnippetsAreContribs holds what is written by default against what contrib ships for people to copy.
func TestSnippetsAreContribs(t *testing.T) {
	target := withReverse()
	for _, tc := range []struct {
		got   string
		files []string
	}{
		{resolvedText(&target, "Resolve"), []string{"systemd-resolved/consul.conf", "systemd-resolved/reverse.conf"}},
		{resolvedText(&Target{Server: target.Server, Zones: target.Zones}, "Delegate"), []string{"systemd-resolved/consul.dns-delegate"}},
		{dnsmasqText(&target), []string{"dnsmasq/consul.conf", "dnsmasq/reverse.conf"}},
		{unboundText(&target), []string{"unbound/consul.conf", "unbound/reverse.conf"}},
	} {
		var want strings.Builder
		for i, file := range tc.files {
			text, err := os.ReadFile("../../contrib/" + file)
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(text)) {
				if !strings.HasPrefix(line, "#") && !(i > 0 && line == "[Resolve]\n") {
					want.WriteString(line)
				}
			}
		}
		if tc.got != want.String() {
			t.Errorf("%v: written is\n%s\nand shipped\n%s", tc.files, tc.got, want.String())
		}
	}
}

func TestSnippetsOfOthers(t *testing.T) {
	target := Target{Server: netip.MustParseAddrPort("[2001:db8::53]:8600"), Zones: []string{"consul", "dc.example"}, Reverse: []netip.Prefix{netip.MustParsePrefix("2001:db8::/32")}}
	for name, tc := range map[string]struct{ got, want string }{
		"resolved": {resolvedText(&target, "Resolve"), "[Resolve]\nDNS=[2001:db8::53]:8600\nDomains=~consul\nDomains=~dc.example\nDomains=~8.b.d.0.1.0.0.2.ip6.arpa\n"},
		"dnsmasq": {dnsmasqText(&target), "server=/consul/2001:db8::53#8600\nrebind-domain-ok=/consul/\nserver=/dc.example/2001:db8::53#8600\n" +
			"rebind-domain-ok=/dc.example/\nrev-server=2001:db8::/32,2001:db8::53#8600\n"},
		"unbound": {unboundText(&target), `server:
  domain-insecure: "consul"
  private-domain: "consul"
  domain-insecure: "dc.example"
  private-domain: "dc.example"
stub-zone:
  name: "consul"
  stub-addr: 2001:db8::53@8600
stub-zone:
  name: "dc.example"
  stub-addr: 2001:db8::53@8600
server:
  local-zone: "8.b.d.0.1.0.0.2.ip6.arpa." transparent
  domain-insecure: "8.b.d.0.1.0.0.2.ip6.arpa"
stub-zone:
  name: "8.b.d.0.1.0.0.2.ip6.arpa"
  stub-addr: 2001:db8::53@8600
`},
	} {
		if tc.got != tc.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, tc.got, tc.want)
		}
	}
}
