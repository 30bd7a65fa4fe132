package main

import (
	"strings"
	"testing"
)

const whyAgent = `"Agent": {"Node": "n1", "Datacenter": "dc1", "Ready": true, "Index": 42, "Age": "0s"}`

func TestWhy(t *testing.T) {
	healthy := `200 {"Name": "web.service.consul.", "Type": "A", "Rcode": "NOERROR", "Answer": ["web.service.consul. 5 IN A 192.0.2.1", "web.service.consul. 5 IN A 192.0.2.2"],
		"Names": [{"Name": "web.service.consul.", "Zone": "consul.", "ReadAs": "service \"web\"", "TTL": [{"Seconds": 5, "From": "dns_config.service_ttl.web"}], "Kept": 2, "Of": 3,
			"Considered": [
				{"Node": "n1", "ID": "w1", "Addresses": ["192.0.2.1"], "Port": 80, "Weight": 10, "Status": "passing", "In": true, "Verdict": "answered", "Why": "in the answer"},
				{"Node": "n2", "ID": "w2", "Addresses": ["192.0.2.2"], "Port": 80, "Weight": 0, "Status": "warning", "In": true, "Verdict": "answered", "Why": "in the answer",
					"Checks": [{"CheckID": "load", "OfNode": true, "Status": "warning", "Against": true, "ModifyIndex": 40}, {"CheckID": "fine", "Status": "passing"}]},
				{"Node": "n2", "ID": "w3", "Addresses": ["192.0.2.3"], "Port": 80, "Weight": 1, "Status": "passing", "Verdict": "not-drawn", "Why": "left out by a limit"},
				{"Node": "n2", "ID": "w4", "Addresses": ["192.0.2.4"], "Status": "critical", "Verdict": "lacks-tag", "Why": "does not carry the tag",
					"Checks": [{"CheckID": "c4", "Status": "critical", "Against": true}]},
				{"Node": "n3", "ID": "w5", "Addresses": ["192.0.2.5", "2001:db8::5"], "Tags": ["a", "b"], "Status": "critical", "Verdict": "critical", "Why": "critical",
					"Checks": [{"CheckID": "c5", "Type": "http", "Status": "critical", "Against": true, "ModifyIndex": 17, "Since": "2026-11-23T10:00:00.5Z", "Output": "line 1\n\u001b[31mred\r\n3\n4\n5\n6\n"}]},
				{"Node": "n3", "ID": "w6", "Status": "maintenance", "Verdict": "maintenance", "Why": "in maintenance",
					"Checks": [{"CheckID": "_node_maintenance", "OfNode": true, "Status": "critical", "Against": true, "ModifyIndex": 18, "Notes": "new disk", "Output": "", "Since": "2026-11-23T10:00:00Z", "OrBefore": true}]}
			]}],
		"Message": {"Sent": 2}, ` + whyAgent + `}`
	alias := `200 {"Name": "a.service.consul.", "Type": "A", "Rcode": "NOERROR", "Answer": ["x", "y"], "Recursors": ["192.0.2.53"], "Stale": true,
		"Names": [{"Name": "a.service.consul.", "Zone": "consul.", "ReadAs": "service \"a\""}, {"Name": "b.service.consul.", "Zone": "consul.", "ReadAs": "service \"b\""}],
		"Message": {"Sent": 1, "Limit": 1232, "Truncated": true}, "Agent": {"Node": "n1", "Datacenter": "dc1", "Ready": true, "Index": 42, "Age": "1m0s"}}`
	near := `200 {"Name": "near.service.consul.", "Type": "A", "Rcode": "NOERROR", "Answer": ["x"],
		"Names": [{"Name": "near.service.consul.", "Zone": "consul.", "ReadAs": "service \"near\"", "Kept": 1, "Of": 2, "Near": "n1", "LocalKept": 2, "LocalOf": 3, "LocalWithin": "zone a of region eu",
			"Considered": [{"Node": "n1", "ID": "a", "RTT": "0s", "Region": "eu", "Zone": "a", "Status": "passing", "In": true, "Verdict": "answered"},
				{"Node": "n2", "ID": "b", "RTT": "1.5ms", "Region": "eu", "Zone": "a", "Status": "passing", "Verdict": "not-drawn", "Why": "left out by a limit"},
				{"Node": "n3", "ID": "c", "Region": "us", "Status": "passing", "Verdict": "not-local", "Why": "elsewhere"}]}],
		"Message": {"Sent": 1}, ` + whyAgent + `}`
	const moves = `"Transitions": [
		{"At": "2026-11-23T09:00:00Z", "From": "critical", "To": "passing", "Reason": "ok"},
		{"At": "2026-11-23T09:30:00Z", "From": "passing", "To": "critical", "Reason": ""},
		{"At": "2026-11-23T09:40:00Z", "From": "critical", "To": "passing", "Reason": "ok"},
		{"At": "2026-11-23T10:00:00Z", "From": "passing", "To": "critical", "Reason": "ref\u001bused"}]`
	flapping := `200 {"Name": "f.", "Type": "A", "Rcode": "NXDOMAIN", "Names": [{"Zone": "consul.", "ReadAs": "service \"f\"", "Considered": [
		{"Node": "n1", "ID": "f1", "Status": "critical", "Verdict": "critical", "Why": "critical", "Checks": [
			{"CheckID": "a", "Status": "critical", "Against": true, "ModifyIndex": 7, ` + moves + `},
			{"CheckID": "b", "Status": "critical", "Against": true, "ModifyIndex": 8, "Transitions": [{"At": "2026-11-23T10:00:00Z", "From": "passing", "To": "critical", "Reason": "no"}]},
			{"CheckID": "c", "Status": "passing", "ModifyIndex": 9, "Output": "fine"}]}]}], ` + whyAgent + `}`
	observed := `200 {"Name": "o.", "Type": "A", "Rcode": "NOERROR", "Names": [{"Zone": "consul.", "ReadAs": "service \"o\"", "Considered": [
		{"Node": "ext", "ID": "o1", "Status": "passing", "In": true, "Verdict": "answered", "Why": "in the answer", "Checks": [
			{"CheckID": "agreed", "Status": "passing", "Observers": [{"Node": "n1", "Status": "passing"}]},
			{"CheckID": "up", "Type": "tcp", "Status": "passing", "ModifyIndex": 7, "Output": "fine", "Observers": [
				{"Node": "n1", "Status": "passing", "Output": "fine"}, {"Node": "n2", "Status": "critical", "Output": "ref\u001bused\nat all", "Dissents": true},
				{"Node": "n3", "Output": "not allowed"}]}]}]}], ` + whyAgent + `}`
	nothing := `200 {"Name": "nope.", "Type": "SRV", "Rcode": "NXDOMAIN", "Reason": "no service \"nope\"", "Answer": [], "Names": [], ` + whyAgent + `}`
	unready := `200 {"Name": "a.", "Type": "A", "Rcode": "SERVFAIL", "Reason": "the catalog is not loaded yet", "Agent": {"Node": "n1", "Datacenter": "dc1", "Age": "0s"}}`
	const asksA = "GET /v1/dns/explain?name=a"
	for _, e := range []example{
		{args: "why web", answers: map[string]string{"GET /v1/dns/explain?name=web": healthy}, asks: "GET /v1/dns/explain?name=web", stdout: `
web.service.consul. A: NOERROR, 2 records
    web.service.consul. 5 IN A 192.0.2.1
    web.service.consul. 5 IN A 192.0.2.2

Zone:     consul.
Read as:  service "web"
TTL:      5 s (dns_config.service_ttl.web)
Limit:    2 of 3 records, drawn anew by weight for every answer

     Instance  Node  Address                Port  Weight  Status       Tags  Why
in   w1        n1    192.0.2.1              80    10      passing
in   w2        n2    192.0.2.2              80    0       warning
out  w3        n2    192.0.2.3              80    1       passing            left out by a limit
out  w4        n2    192.0.2.4                            critical           does not carry the tag
out  w5        n3    192.0.2.5,2001:db8::5                critical     a,b   critical
out  w6        n3                                         maintenance        in maintenance

w2 on n2: node check "load" is warning, last changed at index 40

w5 on n3: check "c5" (http) is critical since 2026-11-23T10:00:00Z, last changed at index 17
    line 1
     [31mred
    3
    4
    5
    ...

w6 on n3: the node is in maintenance since 2026-11-23T10:00:00Z or before, last changed at index 18
    new disk

Agent:  n1 in dc1, from index 42 of the catalog, current
`},
		{args: "why near", answers: map[string]string{"GET /v1/dns/explain?name=near": near}, asks: "GET /v1/dns/explain?name=near", stdout: `
near.service.consul. A: NOERROR, 1 record
    x

Zone:     consul.
Read as:  service "near"
Limit:    1 of 2 records, the nearest
Local:    2 of 3 healthy instances, those in the zone a of region eu
Order:    by the estimated round trip from n1

     Instance  Node  Zone  RTT    Status   Why
in   a         n1    eu/a  0s     passing
out  b         n2    eu/a  1.5ms  passing  left out by a limit
out  c         n3    us           passing  elsewhere

Agent:  n1 in dc1, from index 42 of the catalog, current
`},
		{args: "why a", answers: map[string]string{asksA: alias}, asks: asksA, stdout: `
a.service.consul. A: NOERROR, 2 records
    x
    y

Zone:     consul.
Read as:  service "a"

Alias to:  b.service.consul.
Zone:      consul.
Read as:   service "b"

Recursors:  192.0.2.53 are asked for the rest; this explanation asks nobody
Message:    1 of 2 records fit into 1232 octets; TC is set, so clients ask again over TCP
Agent:      n1 in dc1, from index 42 of the catalog, last known to be current 1m0s ago: stale
`},
		{args: "why f", answers: map[string]string{"GET /v1/dns/explain?name=f": flapping}, asks: "GET /v1/dns/explain?name=f", code: 1, stdout: `
f. A: NXDOMAIN

Zone:     consul.
Read as:  service "f"

     Instance  Node  Status    Why
out  f1        n1    critical  critical

f1 on n1: check "a" is critical, last changed at index 7
    Last changes of its status:
      2026-11-23T09:30:00.000Z  passing to critical
      2026-11-23T09:40:00.000Z  critical to passing: ok
      2026-11-23T10:00:00.000Z  passing to critical: ref used

f1 on n1: check "b" is critical, last changed at index 8

Agent:  n1 in dc1, from index 42 of the catalog, current
`},
		{args: "why -verbose f", answers: map[string]string{"GET /v1/dns/explain?name=f": flapping}, asks: "GET /v1/dns/explain?name=f", code: 1, stdout: `
f. A: NXDOMAIN

Zone:     consul.
Read as:  service "f"

     Instance  Node  Status    Why
out  f1        n1    critical  critical

f1 on n1: check "a" is critical, last changed at index 7
    Last changes of its status:
      2026-11-23T09:00:00.000Z  critical to passing: ok
      2026-11-23T09:30:00.000Z  passing to critical
      2026-11-23T09:40:00.000Z  critical to passing: ok
      2026-11-23T10:00:00.000Z  passing to critical: ref used

f1 on n1: check "b" is critical, last changed at index 8
    Last changes of its status:
      2026-11-23T10:00:00.000Z  passing to critical: no

f1 on n1: check "c" is passing, last changed at index 9
    fine

Agent:  n1 in dc1, from index 42 of the catalog, current
`},
		{args: "why o", answers: map[string]string{"GET /v1/dns/explain?name=o": observed}, asks: "GET /v1/dns/explain?name=o", code: 1, stdout: `
o. A: NOERROR

Zone:     consul.
Read as:  service "o"

    Instance  Node  Status
in  o1        ext   passing

o1 on ext: check "up" (tcp) is passing, last changed at index 7
    fine
    1 of 3 observers see it passing: n1
      n2 sees it critical: ref used
      n3 cannot tell: not allowed

Agent:  n1 in dc1, from index 42 of the catalog, current
`},
		{args: "why nope. srv -tcp", answers: map[string]string{"GET /v1/dns/explain?name=nope.&tcp=&type=srv": nothing},
			asks: "GET /v1/dns/explain?name=nope.&tcp=&type=srv", code: 1, stdout: `
nope. SRV: NXDOMAIN: no service "nope"

Agent:  n1 in dc1, from index 42 of the catalog, current
`},
		{args: "why a", answers: map[string]string{asksA: unready}, asks: asksA, code: 1, stdout: `
a. A: SERVFAIL: the catalog is not loaded yet

Agent:  n1 in dc1, the catalog is not loaded yet
`},
		{args: "why a", answers: map[string]string{asksA: "404 DNS is off on this agent"}, asks: asksA, code: 1, stderr: "DNS is off on this agent"},
		{args: "why", code: 2, stderr: "NAME is missing"},
		{args: "why a b c", code: 2, stderr: `unexpected argument "c" after TYPE`},
	} {
		e.try(t)
	}
}

func TestWhyAsJSON(t *testing.T) {
	agent := newFakeAgent(t, map[string]string{"GET /v1/dns/explain?name=a": `200 {"Name": "a.", "Rcode": "NXDOMAIN"}`})
	stdout, stderr, code := command(t, "", map[string]string{"MUSTER_HTTP_ADDR": agent.addr}, "why", "-format", "json", "a")
	if code != 1 || stderr != "" || !strings.HasPrefix(stdout, "{\n    \"Name\": \"a.\",\n") {
		t.Errorf("exit code %d, stderr %q, stdout %s", code, stderr, stdout)
	}
}

func TestFirstLines(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "",
		"\n \t":                          "",
		"ok\n":                           "ok",
		"a\n\nb  ":                       "a||b",
		"a\x07\x9b\u202eb":               "a \uFFFD b",
		"1\n2\n3\n4\n5":                  "1|2|3|4|5",
		"1\n2\n3\n4\n5\n6":               "1|2|3|4|5|...",
		strings.Repeat("ü", 161) + "\nx": strings.Repeat("ü", 160) + "...|x",
	} {
		if got := strings.Join(firstLines(text), "|"); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
