package certs

import (
	"crypto/x509"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestIssue(t *testing.T) {
	b := newBench(t)
	p, err := NewAuthority(AuthorityOptions{Lifetime: 10 * day, OnlyDomains: []string{"consul", "localhost", "example.com"}})
	b.save("ca", p, err)
	ca, err := ReadAuthority(b.cert("ca"), b.key("ca"))
	if err != nil {
		t.Fatal(err)
	}
	serve, ask := x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth
	for _, tc := range []struct {
		name  string
		o     IssueOptions
		names string // DNS names, then addresses
		usage []x509.ExtKeyUsage
		err   string
	}{
		{"server", IssueOptions{Role: RoleServer}, "server.dc1.consul localhost 127.0.0.1", []x509.ExtKeyUsage{ask, serve}, ""},
		{"server of a node", IssueOptions{Role: RoleServer, Node: "N1"}, "server.dc1.consul n1.server.dc1.consul localhost 127.0.0.1", []x509.ExtKeyUsage{ask, serve}, ""},
		{"client", IssueOptions{Role: RoleClient, Domain: "Consul."}, "client.dc1.consul localhost 127.0.0.1", []x509.ExtKeyUsage{ask, serve}, ""},
		{"cli", IssueOptions{Role: RoleCLI}, "cli.dc1.consul", []x509.ExtKeyUsage{ask}, ""},
		{"more", IssueOptions{Role: RoleClient, DNSNames: []string{"ui.example.com", "localhost"}, Addresses: []netip.Addr{netip.MustParseAddr("::1"), netip.MustParseAddr("10.0.0.1")}},
			"client.dc1.consul localhost ui.example.com 127.0.0.1 ::1 10.0.0.1", []x509.ExtKeyUsage{ask, serve}, ""},

		{"a constraint", IssueOptions{Role: RoleServer, DNSNames: []string{"ui.example.org"}}, "", nil, `"ui.example.org" is not permitted`},
		{"too long", IssueOptions{Role: RoleServer, Lifetime: 11 * day}, "", nil, "outlive its CA, which expires at"},
		{"a server in disguise", IssueOptions{Role: RoleClient, DNSNames: []string{"Server.dc2.consul"}}, "", nil, "would make a server of a client"},
		{"a node of a client", IssueOptions{Role: RoleClient, Node: "n1"}, "", nil, "only a server's"},
		{"no datacenter", IssueOptions{Role: RoleServer, Datacenter: "a.b"}, "", nil, `"a.b" is no datacenter`},
		{"no domain", IssueOptions{Role: RoleServer, Domain: "."}, "", nil, `"." is no domain`},
	} {
		if tc.o.Lifetime == 0 {
			tc.o.Lifetime = day
		}
		if tc.o.Datacenter == "" {
			tc.o.Datacenter = "dc1"
		}
		if tc.o.Domain == "" {
			tc.o.Domain = "consul"
		}
		p, err := ca.Issue(tc.o)
		if err != nil || tc.err != "" {
			if tc.err == "" || err == nil || !strings.Contains(err.Error(), tc.err) {
				t.Errorf("%s: %v, want %q", tc.name, err, tc.err)
			}
			continue
		}
		pair, err := keyPair(p.Cert, p.Key)
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		names := slices.Clone(pair.Leaf.DNSNames)
		for _, ip := range pair.Leaf.IPAddresses {
			names = append(names, ip.String())
		}
		if got := strings.Join(names, " "); got != tc.names || !slices.Equal(pair.Leaf.ExtKeyUsage, tc.usage) {
			t.Errorf("%s: names %s, usage %v; want %s, %v", tc.name, got, pair.Leaf.ExtKeyUsage, tc.names, tc.usage)
		}
		if left := time.Until(pair.Leaf.NotAfter); left > day || left < day-time.Hour || time.Since(pair.Leaf.NotBefore) < skew {
			t.Errorf("%s: valid from %v to %v", tc.name, pair.Leaf.NotBefore, pair.Leaf.NotAfter)
		}
	}
}

func TestReadAuthorityRefuses(t *testing.T) {
	b := furnish(t)
	for _, tc := range []struct{ cert, key, want string }{
		{b.cert("none"), b.key("ca"), "no such file"},
		{b.cert("ca"), b.key("none"), "no such file"},
		{b.cert("ca"), b.key("other"), "private key does not match"},
		{b.cert("server"), b.key("server"), "server.pem is not the certificate of a CA"},
	} {
		if _, err := ReadAuthority(tc.cert, tc.key); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s, %s: %v, want %q", tc.cert, tc.key, err, tc.want)
		}
	}
}

// Nothing is written over, and a key never stays behind alone.
func TestSave(t *testing.T) {
	b := newBench(t)
	b.authority("ca", day)
	for name, want := range map[string]os.FileMode{b.cert("ca"): 0o644, b.key("ca"): 0o600} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm()&^want != 0 {
			t.Errorf("%s: mode %v, %v; want %v", name, info.Mode(), err, want)
		}
	}
	p, err := NewAuthority(AuthorityOptions{Lifetime: day})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ cert, key string }{
		{b.cert("ca"), b.key("ca")},
		{b.cert("ca"), b.file("fresh")},
		{b.file("fresh"), b.key("ca")},
	} {
		before := b.read("ca.pem")
		if err := p.Save(tc.cert, tc.key); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%v: %v", tc, err)
		}
		if string(before) != string(b.read("ca.pem")) {
			t.Errorf("%v: written over", tc)
		}
		if _, err := os.Stat(b.file("fresh")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%v: left half a pair behind: %v", tc, err)
		}
	}
}
