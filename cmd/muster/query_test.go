package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestQueryUsage(t *testing.T) {
	for _, e := range []example{
		{args: "query", code: 2, stderr: "NAME is missing"},
		{args: "query a b c", code: 2, stderr: `unexpected argument "c" after TYPE`},
		{args: "query -port 0 a", code: 2, stderr: "-port 0 is none"},
		{args: "query -port 65536 a", code: 2, stderr: "-port 65536 is none"},
		{args: "query -timeout 0s a", code: 2, stderr: "-timeout 0s is none"},
		{args: "query a..b", code: 1, stderr: `"a..b" is not a domain name`},
		{args: "query a bogus", code: 1, stderr: `"bogus" is not a record type`},
	} {
		e.try(t)
	}
}

// TestWhyAndQuery asks the real binary, as an agent, from the command line.
func TestWhyAndQuery(t *testing.T) {
	dir := t.TempDir()
	var crowd []string
	for i := range 60 {
		crowd = append(crowd, fmt.Sprintf(`{"name": "crowd", "id": "c%d", "address": "192.0.2.%d", "port": 80}`, i, i+1))
	}
	text := `{"services": [{"name": "web", "address": "192.0.2.1", "port": 80}, {"name": "ill", "check": {"ttl": "1h"}}, ` + strings.Join(crowd, ",") + `]}`
	if err := os.WriteFile(filepath.Join(dir, "a.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := startProcess(t, "-dev", "-node", "n1", "-config-dir", dir)
	host, port, err := net.SplitHostPort(p.dns)
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"MUSTER_HTTP_ADDR": p.http}
	for name, has := range map[string]string{"web": ", 1 record", "ill": "1 critical", "crowd": ", 60 records"} {
		eventually(t, name+" is in the catalog", func() (bool, string) {
			stdout, stderr, _ := command(t, "", env, "why", name)
			return strings.Contains(stdout, has), stdout + stderr
		})
	}
	varying := regexp.MustCompile(`id \d+|\), [\d.]+(µs|ms|s)|index \d+|since \S+|IN SOA .*|` + regexp.QuoteMeta(p.dns))
	for _, c := range []struct {
		args, want string
		code       int
	}{
		{args: "query web.service.consul", want: `
NOERROR, QUERY, ~
flags: qr aa rd; answer: 1, authority: 0, additional: 0
EDNS: version 0, udp size 1232

Question:
    web.service.consul. IN A

Answer:
    web.service.consul. 0 IN A 192.0.2.1

~ (udp~, 63 bytes
`},
		{args: "query Web.service.consul. srv -tcp", want: `
NOERROR, QUERY, ~
flags: qr aa rd; answer: 1, authority: 0, additional: 1
EDNS: version 0, udp size 1232

Question:
    Web.service.consul. IN SRV

Answer:
    Web.service.consul. 0 IN SRV 1 1 80 c0000201.addr.dc1.consul.

Additional:
    c0000201.addr.dc1.consul. 0 IN A 192.0.2.1

~ (tcp~, 107 bytes
`},
		{args: "query ill.service.consul", want: `
NXDOMAIN, QUERY, ~
flags: qr aa rd; answer: 0, authority: 1, additional: 0
EDNS: version 0, udp size 1232
EDE: 0 (Other): 1 instance: 1 critical

Question:
    ill.service.consul. IN A

Authority:
    consul. 0 ~

~ (udp~, 125 bytes
`},
		{args: "why ill", code: 1, want: `
ill.service.consul. A: NXDOMAIN: 1 instance: 1 critical

Zone:     consul.
Read as:  service "ill"
TTL:      0 s (dns_config.soa.min_ttl)

     Instance  Node  Address    Status    Why
out  ill       n1    127.0.0.1  critical  critical

ill on n1: check "service:ill" (ttl) is critical ~ or before, last changed at ~

Agent:  n1 in dc1, from ~ of the catalog, current
`},
	} {
		args := strings.Fields(c.args)
		if args[0] == "query" {
			args = append(args, "-server", host, "-port", port)
		}
		stdout, stderr, code := command(t, "", env, args...)
		if got := varying.ReplaceAllString(stdout, "~"); code != c.code || stderr != "" || got != strings.TrimLeft(c.want, "\n") {
			t.Errorf("%s: exit code %d, stderr %q, printed\n%s\nwant\n%s", c.args, code, stderr, got, c.want)
		}
	}

	stdout, stderr, code := command(t, "", env, "query", "-server", host, "-port", port, "-format=json", "crowd.service.consul", "SRV")
	var reply struct {
		Rcode, Protocol string
		Retried         bool
		Answer          []string
		EDNS            struct{ UDPSize int }
	}
	if err := json.Unmarshal([]byte(stdout), &reply); err != nil || code != 0 || stderr != "" ||
		reply.Rcode != "NOERROR" || reply.Protocol != "tcp" || !reply.Retried || len(reply.Answer) != 60 || reply.EDNS.UDPSize != 1232 {
		t.Errorf("as JSON: exit code %d, %v, stderr %q, %+v", code, err, stderr, reply)
	}
}

func TestQueryWithoutReply(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	_ = l.Close()
	stdout, stderr, code := command(t, "", nil, "query", "-tcp", "-port", port, "web.service.consul")
	if code != 1 || stdout != "" || stderr != "Error: 127.0.0.1:"+port+" (tcp): connect: connection refused\n" {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}
