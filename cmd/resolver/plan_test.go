package resolver

import (
	"net/netip"
	"strings"
	"testing"
)

func TestPlan(t *testing.T) {
	at53 := usual()
	at53.Server = netip.MustParseAddrPort("127.0.0.1:53")
	ready := at53
	ready.Recursors = []string{"192.0.2.53"}
	taken := []Listener{{Protocol: "tcp", Addr: netip.MustParseAddrPort("127.0.0.1:53"), PID: 9, Program: "dnsmasq"}}
	hidden := []Listener{{Protocol: "udp", Addr: netip.MustParseAddrPort("127.0.0.1:53"), User: "root"}}
	const plain = "nameserver 192.0.2.1\n"
	for name, tc := range map[string]struct {
		kind      Kind
		files     map[string]string
		target    Target
		listeners []Listener
		want      string // "ACTION PATH" of the files, joined by commas
		refused   string // part of it; empty: it is not
		says      string // part of notes or steps
	}{
		"resolved":                     {Resolved, map[string]string{library + "252.so": ""}, usual(), nil, "write " + resolvedPath, "", "no link has a server for, and"},
		"resolved, no version":         {Resolved, nil, usual(), nil, "write " + resolvedPath, "", ""},
		"resolved with delegates":      {Resolved, map[string]string{library + "258.so": ""}, usual(), nil, "write " + delegatePath, "", ""},
		"resolved without ports":       {Resolved, map[string]string{library + "245.so": ""}, usual(), nil, "", "port 53 alone", `{"dns": 53}`},
		"resolved without ports at 53": {Resolved, map[string]string{library + "245.so": ""}, at53, nil, "write " + resolvedPath, "", ""},
		"resolved passed by": {Resolved, map[string]string{"/etc/resolv.conf": "-> /run/systemd/resolve/resolv.conf", "/run/systemd/resolve/resolv.conf": plain},
			usual(), nil, "write " + resolvedPath, "", "pass systemd-resolved by"},
		"resolved, changed": {Resolved, map[string]string{resolvedPath: withHeader("x") + "y"}, usual(), nil, "refuse " + resolvedPath, "it was changed", ""},

		"resolved, upgraded":          {Resolved, map[string]string{library + "258.so": "", resolvedPath: withHeader("old")}, usual(), nil, "write " + delegatePath + ", remove " + resolvedPath, "", ""},
		"resolved, upgraded, changed": {Resolved, map[string]string{library + "258.so": "", resolvedPath: withHeader("old") + "x"}, usual(), nil, "write " + delegatePath, "", ""},

		"unbound of Debian":         {Unbound, map[string]string{unboundMain: debianUnbound}, usual(), nil, "write /etc/unbound/unbound.conf.d/muster.conf", "", ""},
		"unbound of Fedora":         {Unbound, map[string]string{unboundMain: fedoraUnbound}, usual(), nil, "write /etc/unbound/conf.d/muster.conf", "", ""},
		"unbound without includes":  {Unbound, map[string]string{unboundMain: "server:\n"}, usual(), nil, "", "includes no directory", "include-toplevel:"},
		"unbound without a file":    {Unbound, nil, usual(), nil, "", "there is no " + unboundMain, "include-toplevel:"},
		"unbound, somebody's":       {Unbound, map[string]string{unboundMain: debianUnbound, "/etc/unbound/unbound.conf.d/muster.conf": "server:\n"}, usual(), nil, "refuse /etc/unbound/unbound.conf.d/muster.conf", "muster did not write it", ""},
		"unbound, in place":         {Unbound, map[string]string{unboundMain: debianUnbound, "/etc/unbound/unbound.conf.d/muster.conf": withHeader(unboundText(&at53))}, at53, nil, "keep /etc/unbound/unbound.conf.d/muster.conf", "", ""},
		"unbound, of another port":  {Unbound, map[string]string{unboundMain: debianUnbound, "/etc/unbound/unbound.conf.d/muster.conf": withHeader(unboundText(&at53))}, usual(), nil, "replace /etc/unbound/unbound.conf.d/muster.conf", "", ""},
		"dnsmasq of Debian":         {Dnsmasq, map[string]string{dnsmasqMain: "#\n", dnsmasqStart: debianDnsmasq}, usual(), nil, "write /etc/dnsmasq.d/muster.conf", "", ""},
		"dnsmasq of Fedora":         {Dnsmasq, map[string]string{dnsmasqMain: fedoraDnsmasq}, usual(), nil, "write /etc/dnsmasq.d/muster.conf", "", ""},
		"dnsmasq of Alpine":         {Dnsmasq, map[string]string{dnsmasqMain: alpineDnsmasq}, usual(), nil, "write /etc/dnsmasq.d/muster.conf", "", ""},
		"dnsmasq of its own way":    {Dnsmasq, map[string]string{dnsmasqMain: "conf-dir=/srv/dns\n"}, usual(), nil, "write /srv/dns/muster.conf", "", ""},
		"dnsmasq that takes others": {Dnsmasq, map[string]string{dnsmasqMain: "conf-dir=/etc/dnsmasq.d,*.dns\n"}, usual(), nil, "", "neither", "conf-dir=/etc/dnsmasq.d/,*.conf"},
		"dnsmasq that leaves .conf": {Dnsmasq, map[string]string{dnsmasqMain: "conf-dir=/etc/dnsmasq.d,.conf\n"}, usual(), nil, "", "neither", ""},
		"dnsmasq alone":             {Dnsmasq, nil, usual(), nil, "", "neither", ""},

		"NetworkManager before resolved":  {NetworkManager, map[string]string{"/etc/resolv.conf": stubLink}, usual(), nil, "write " + resolvedPath, "", "hands the servers"},
		"NetworkManager told of resolved": {NetworkManager, map[string]string{"/etc/resolv.conf": plain, "/etc/NetworkManager/conf.d/dns.conf": "[main]\ndns=systemd-resolved\n"}, usual(), nil, "write " + resolvedPath, "", "(dns=systemd-resolved in /etc/NetworkManager/conf.d/dns.conf)"},
		"NetworkManager with dnsmasq":     {NetworkManager, map[string]string{"/etc/NetworkManager/NetworkManager.conf": "[main]\nplugins=keyfile\ndns = dnsmasq\n[device]\ndns=no\n"}, usual(), nil, "write " + nmDnsmasqPath, "", "of its own"},
		"NetworkManager, last word":       {NetworkManager, map[string]string{"/usr/lib/NetworkManager/conf.d/a.conf": "[main]\ndns=none\n", "/etc/NetworkManager/conf.d/b.conf": "[main]\ndns=dnsmasq\n"}, usual(), nil, "write " + nmDnsmasqPath, "", ""},
		"NetworkManager alone":            {NetworkManager, map[string]string{"/etc/resolv.conf": plain}, usual(), nil, "", "unless dnsmasq is there", "dnsmasq-base"},
		"NetworkManager, dnsmasq there":   {NetworkManager, map[string]string{"/etc/resolv.conf": plain, "/usr/sbin/dnsmasq": ""}, usual(), nil, "write " + nmPath + ", write " + nmDnsmasqPath, "", "at 127.0.0.1:53"},
		"NetworkManager, after apply":     {NetworkManager, map[string]string{"/usr/sbin/dnsmasq": "", nmPath: withHeader(networkManagerText())}, usual(), taken, "keep " + nmPath + ", write " + nmDnsmasqPath, "", ""},
		"NetworkManager, port taken":      {NetworkManager, map[string]string{"/usr/sbin/dnsmasq": ""}, usual(), taken, "", "over tcp by dnsmasq (pid 9)", "elsewhere"},
		"NetworkManager without DNS":      {NetworkManager, map[string]string{"/etc/NetworkManager/conf.d/a.conf": "[main]\ndns=none\n"}, usual(), nil, "", "leaves DNS to others (dns=none", "-with"},

		"resolv.conf":                 {Resolvconf, map[string]string{"/etc/resolv.conf": plain}, usual(), nil, "", "does not write to it", `{"ports": {"dns": 53}, "recursors": ["192.0.2.1"]}`},
		"resolv.conf, known recursor": {Resolvconf, map[string]string{"/etc/resolv.conf": plain}, ready, nil, "", "does not write to it", "before the others in /etc/resolv.conf: nameserver 127.0.0.1"},
		"resolv.conf, port taken":     {Resolvconf, map[string]string{"/etc/resolv.conf": plain}, ready, taken, "", "does not write to it", "free port 53 of 127.0.0.1, which is taken by dnsmasq (pid 9)"},
		"resolv.conf, hidden owner":   {Resolvconf, map[string]string{"/etc/resolv.conf": plain}, usual(), hidden, "", "does not write to it", "free port 53 of 127.0.0.1, which is taken by a process of user root"},
		"resolv.conf, done":           {Resolvconf, map[string]string{"/etc/resolv.conf": "nameserver 127.0.0.1\n"}, ready, nil, "", "does not write to it", "asks 127.0.0.1 first already"},
		"resolv.conf by openresolv":   {Resolvconf, map[string]string{"/etc/resolv.conf": plain, "/sbin/resolvconf": "#!/bin/sh\n"}, ready, nil, "", "does not write to it", "/sbin/resolvconf -a lo.muster"},
		"resolv.conf by resolvectl":   {Resolvconf, map[string]string{"/etc/resolv.conf": plain, "/usr/sbin/resolvconf": "-> ../bin/resolvectl", "/usr/bin/resolvectl": ""}, ready, nil, "", "does not write to it", "before the others"},
	} {
		h := tree(t, tc.files)
		p, err := NewPlan(h, &Found{Kind: tc.kind}, tc.target, tc.listeners)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var files []string
		for _, f := range p.Files {
			files = append(files, string(f.Action)+" "+f.Path)
		}
		said := strings.Join(append(p.Notes, p.Steps...), "\n")
		switch {
		case strings.Join(files, ", ") != tc.want:
			t.Errorf("%s: files %q, want %q", name, files, tc.want)
		case (p.Refused == "") != (tc.refused == "") || !strings.Contains(p.Refused, tc.refused):
			t.Errorf("%s: refused %q, want %q", name, p.Refused, tc.refused)
		case !strings.Contains(said, tc.says):
			t.Errorf("%s: says %q, want %q", name, said, tc.says)
		}
	}
}
