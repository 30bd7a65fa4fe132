package main

import (
	"strings"
	"testing"
)

func TestChecks(t *testing.T) {
	list := `200 [
		{"CheckID": "disk", "Type": "script", "Status": "passing", "Interval": "1m0s", "Age": "2h0m0s", "OrBefore": true, "LastHour": 0, "Output": "42% used\nof /"},
		{"CheckID": "service:web1", "Type": "http", "ServiceID": "web1", "ServiceName": "web", "Status": "critical", "Interval": "10s", "Age": "1m30s",
			"NextIn": "4.2s", "LastHour": 7, "Output": "\u001b[31m` + strings.Repeat("x", 120) + `"},
		{"CheckID": "service:web2", "Type": "ttl", "ServiceID": "web2", "ServiceName": "web", "Status": "warning", "Age": "3s", "NextIn": "0s", "LastHour": 1},
		{"CheckID": "_node_maintenance", "Status": "critical", "Age": "5s", "OrBefore": true, "Notes": "new disk"}]`
	const asks = "GET /v1/agent/checks/standing"
	answers := map[string]string{asks: list, asks + "?filter=x": "400 filter: what is x", "GET /none": ""}
	for _, e := range []example{
		{args: "checks", answers: answers, asks: asks, stdout: `
Check              Service  Kind    Interval  Status    Age      Next  Changes  Output
service:web1       web1     http    10s       critical  1m30s    4.2s  7         [31m` + strings.Repeat("x", 95) + `...
_node_maintenance                             critical  5s+            0        new disk
service:web2       web2     ttl               warning   3s       now   1
disk                        script  1m0s      passing   2h0m0s+        0        42% used
`},
		{args: "checks -service WEB -status warning", answers: answers, asks: asks, stdout: `
Check         Service  Kind  Status   Age  Next  Changes
service:web2  web2     ttl   warning  3s   now   1
`},
		{args: "checks -service web1 -format json", answers: map[string]string{asks: `200 [{"CheckID": "a", "ServiceID": "web2"}]`}, asks: asks, stdout: "[]\n"},
		{args: "checks -service nope", answers: answers, asks: asks, stderr: "No checks match."},
		{args: "checks -filter x", answers: answers, asks: asks + "?filter=x", code: 1, stderr: "what is x"},
		{args: "checks -status bad", code: 2, stderr: `-status "bad" is none of passing, warning, critical`},
		{args: "checks web", code: 2, stderr: `unexpected argument "web"`},
	} {
		e.try(t)
	}
}
