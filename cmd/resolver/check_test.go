package resolver

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	addrs := func(texts ...string) []netip.Addr {
		var out []netip.Addr
		for _, text := range texts {
			out = append(out, netip.MustParseAddr(text))
		}
		return out
	}
	good := Reply{"NOERROR", addrs("10.0.0.1", "10.0.0.2")}
	nothing := Reply{Rcode: "NXDOMAIN"}
	gone := errors.New("connection refused")
	const muster, stub, far = "127.0.0.1:8600", "127.0.0.53:53", "192.0.2.1:53"
	for name, tc := range map[string]struct {
		conf    string
		kind    Kind
		answers map[string]Reply // by server; others do not answer
		program Reply            // what programs get; "": a failure
		want    string           // "ok HOP" or "FAIL HOP", joined by commas
		says    string
	}{
		"all well":         {"nameserver 127.0.0.53\n", Resolved, map[string]Reply{muster: good, stub: good}, good, "ok muster, ok resolver, ok resolv.conf, ok program", "10.0.0.1, 10.0.0.2"},
		"another draw":     {"nameserver 127.0.0.53\n", Resolved, map[string]Reply{muster: good, stub: {"NOERROR", addrs("10.0.0.2", "10.0.0.9")}}, good, "ok muster, ok resolver, ok resolv.conf, ok program", ""},
		"muster is down":   {"nameserver 127.0.0.53\n", Resolved, map[string]Reply{stub: good}, good, "FAIL muster", "muster does not answer at 127.0.0.1:8600: connection refused"},
		"a name of none":   {"nameserver 127.0.0.53\n", Resolved, map[string]Reply{muster: nothing, stub: good}, good, "FAIL muster", "NXDOMAIN, without an address"},
		"not forwarded":    {"nameserver 127.0.0.53\n", Resolved, map[string]Reply{muster: good, stub: nothing}, nothing, "ok muster, FAIL resolver, ok resolv.conf, FAIL program", "systemd-resolved at 127.0.0.53:53 answers NXDOMAIN: it does not ask muster"},
		"resolver is down": {"nameserver 127.0.0.53\n", Resolved, map[string]Reply{muster: good}, Reply{}, "ok muster, FAIL resolver, ok resolv.conf, FAIL program", "does not answer: connection refused"},
		"a liar":           {"nameserver 127.0.0.53\n", Resolved, map[string]Reply{muster: good, stub: {"NOERROR", addrs("198.51.100.1")}}, good, "ok muster, FAIL resolver, ok resolv.conf, ok program", "asks somebody else"},
		"elsewhere":        {"nameserver 192.0.2.1\n", Resolved, map[string]Reply{muster: good, stub: good, far: nothing}, nothing, "ok muster, ok resolver, FAIL resolv.conf, FAIL program", "192.0.2.1, whom /etc/resolv.conf asks rather than 127.0.0.53, answers NXDOMAIN"},
		"another that can": {"nameserver 192.0.2.1\n", Resolved, map[string]Reply{muster: good, stub: good, far: good}, good, "ok muster, ok resolver, ok resolv.conf, ok program", ""},
		"hosts first":      {"nameserver 127.0.0.53\n", Resolved, map[string]Reply{muster: good, stub: good}, Reply{"NOERROR", addrs("127.0.0.1")}, "ok muster, ok resolver, ok resolv.conf, FAIL program", "finds 127.0.0.1, which is not muster's answer"},
		"no resolver":      {"nameserver 127.0.0.1\n", Resolvconf, map[string]Reply{muster: good, "127.0.0.1:53": good}, good, "ok muster, ok resolv.conf, ok program", "127.0.0.1, whom /etc/resolv.conf asks, answers"},
		"not at 53":        {"nameserver 127.0.0.1\n", Resolvconf, map[string]Reply{muster: good}, Reply{}, "ok muster, FAIL resolv.conf, FAIL program", "127.0.0.1, whom /etc/resolv.conf asks, does not answer"},
		"one far away":     {"nameserver 192.0.2.1\n", Resolvconf, map[string]Reply{muster: good, far: good}, good, "ok muster, ok resolv.conf, ok program", ""},
		"another program":  {"nameserver 127.0.0.53\n", Unbound, map[string]Reply{muster: good, stub: good}, good, "ok muster, FAIL resolver, ok resolv.conf, ok program", "127.0.0.53:53, where unbound was to be, is systemd-resolve (pid 5)"},
	} {
		h := tree(t, map[string]string{"/etc/resolv.conf": tc.conf})
		h.runs = true
		c := &Checker{
			Host: h, Port53: []Listener{{Protocol: "udp", Addr: netip.MustParseAddrPort(stub), PID: 5, Program: "systemd-resolve"}},
			Ask: func(_ context.Context, server netip.AddrPort, asked string) (Reply, error) {
				if r, ok := tc.answers[server.String()]; ok && asked == "web.service.consul" {
					return r, nil
				}
				return Reply{}, gone
			},
			Lookup: func(context.Context, string) ([]netip.Addr, string, error) {
				if tc.program.Rcode == "" {
					return nil, "getaddrinfo", gone
				}
				return tc.program.Addrs, "getaddrinfo", nil
			},
		}
		target := usual()
		r, err := c.Check(t.Context(), &target, tc.kind, netip.MustParseAddrPort(stub), "web.service.consul")
		if err != nil {
			t.Fatal(err)
		}
		var got, said []string
		for _, hop := range r.Hops {
			verdict := "ok "
			if !hop.OK {
				verdict = "FAIL "
			}
			got, said = append(got, verdict+hop.Hop), append(said, hop.Text)
		}
		if strings.Join(got, ", ") != tc.want || !strings.Contains(strings.Join(said, "\n"), tc.says) {
			t.Errorf("%s: %q, %q; want %q, %q", name, got, said, tc.want, tc.says)
		}
		if r.OK == strings.Contains(tc.want, "FAIL") {
			t.Errorf("%s: OK is %v", name, r.OK)
		}
	}
}

func TestListens(t *testing.T) {
	seen := []Listener{
		{Protocol: "udp", Addr: netip.MustParseAddrPort("0.0.0.0:53"), Program: "dnsmasq"},
		{Protocol: "tcp", Addr: netip.MustParseAddrPort("127.0.0.8:53"), Program: "unbound"},
		{Protocol: "udp", Addr: netip.MustParseAddrPort("127.0.0.9:53"), Program: "unbound"},
	}
	for kind, want := range map[Kind]string{Unbound: "127.0.0.9:53", Dnsmasq: "127.0.0.1:53", NetworkManager: "127.0.0.1:53", Resolved: "127.0.0.53:53"} {
		if got := Listens(kind, seen); got.String() != want {
			t.Errorf("%s: %s, want %s", kind, got, want)
		}
	}
}
