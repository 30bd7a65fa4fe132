package catalog

import (
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestValidateService(t *testing.T) {
	every := CheckDefinition{TCP: "127.0.0.1:80", Interval: time.Second}
	tests := []struct {
		name string
		def  ServiceDefinition
		want string // fields with problems
	}{
		{"plain", ServiceDefinition{Name: "web", Port: 80}, ""},
		{"everything", ServiceDefinition{Name: "web_1-x", ID: "a/b", Port: 65535, Address: "db.example.", Weights: &Weights{65535, 0}, Check: &every}, ""},
		{"no name", ServiceDefinition{}, "name"},
		{"dotted name", ServiceDefinition{Name: "a.b"}, "name"},
		{"long name", ServiceDefinition{Name: strings.Repeat("a", 64)}, "name"},
		{"ports", ServiceDefinition{Name: "a", Port: 70000, TaggedAddresses: map[string]ServiceAddress{"lan": {"10.0.0.1", -1}}}, "port tagged_addresses.lan.port"},
		{"address", ServiceDefinition{Name: "a", Address: "foo bar"}, "address"},
		{"unreachable", ServiceDefinition{Name: "a", Address: "0.0.0.0"}, "address"},
		{"weights", ServiceDefinition{Name: "a", Weights: &Weights{-1, 65536}}, "weights.passing weights.warning"},
		{"check", ServiceDefinition{Name: "a", Check: &CheckDefinition{HTTP: "ftp://x"}}, "check.http check.interval"},
		{"same check id", ServiceDefinition{Name: "a", Checks: []CheckDefinition{withID(every, "c"), withID(every, "c")}}, "checks[1].id"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := fields(tt.def.Validate()); got != tt.want {
				t.Errorf("problems in %q, want %q", got, tt.want)
			}
		})
	}
}

func TestValidateCheck(t *testing.T) {
	tests := []struct {
		name string
		def  CheckDefinition
		want string
	}{
		{"http", CheckDefinition{Name: "c", HTTP: "https://[::1]:80/x", Interval: time.Second}, ""},
		{"ttl", CheckDefinition{ID: "c", TTL: time.Second}, ""},
		{"alias", CheckDefinition{ID: "c", AliasService: "web"}, ""},
		{"nameless", CheckDefinition{TTL: time.Second}, "name"},
		{"nothing to probe", CheckDefinition{Name: "c"}, "check"},
		{"two kinds", CheckDefinition{Name: "c", TCP: "h:1", TTL: time.Second, Interval: time.Second}, "ttl"},
		{"script and alias", CheckDefinition{Name: "c", Args: []string{"a"}, AliasNode: "n", Interval: time.Second}, "alias_node"},
		{"ttl and script", CheckDefinition{Name: "c", Args: []string{"a"}, TTL: time.Second}, "args"},
		{"no interval", CheckDefinition{Name: "c", Args: []string{"true"}}, "interval"},
		{"short interval", CheckDefinition{Name: "c", TCP: "h:1", Interval: time.Millisecond}, "interval"},
		{"bad target", CheckDefinition{Name: "c", TCP: "h", Interval: time.Second}, "tcp"},
		{"bad port", CheckDefinition{Name: "c", TCP: "h:99999", Interval: time.Second}, "tcp"},
		{"bad url", CheckDefinition{Name: "c", HTTP: "http://", Interval: time.Second}, "http"},
		{"bad status", CheckDefinition{Name: "c", TTL: time.Second, Status: "fine"}, "status"},
		{"negative", CheckDefinition{Name: "c", TTL: time.Second, SuccessBeforePassing: -1, Timeout: -1}, "timeout success_before_passing"},
		{"warning after critical", CheckDefinition{Name: "c", TTL: time.Second, FailuresBeforeWarning: 3, FailuresBeforeCritical: 2}, "failures_before_warning"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := fields(tt.def.Validate(false)); got != tt.want {
				t.Errorf("problems in %q, want %q", got, tt.want)
			}
		})
	}
}

func TestValidateKinds(t *testing.T) {
	tests := []struct {
		name string
		def  CheckDefinition // but for name and interval
		want string
	}{
		{"http in full", CheckDefinition{HTTP: "https://h", ExpectStatus: "200-299, 401", ExpectBody: "^ok", HTTP2: true, TLSCAFile: "ca", TLSCertFile: "c", TLSKeyFile: "k", Hold: true}, ""},
		{"bad answers", CheckDefinition{HTTP: "http://h", ExpectStatus: "299-200", ExpectBody: "("}, "expect_status expect_body"},
		{"endless pattern", CheckDefinition{TCP: "h:1", Expect: strings.Repeat("x", 2000)}, "expect"},
		{"tcp in full", CheckDefinition{TCP: "h:1", Send: "a", Expect: "b", Hold: true}, ""},
		{"udp", CheckDefinition{UDP: "h:1", Send: "a", Expect: "b"}, ""},
		{"udp has no connection", CheckDefinition{UDP: "h", Hold: true}, "udp hold"},
		{"grpc", CheckDefinition{GRPC: "h:1/a.b/c", GRPCUseTLS: true, Hold: true}, ""},
		{"grpc without port", CheckDefinition{GRPC: "h/a"}, "grpc"},
		{"dns", CheckDefinition{DNS: "h:53", DNSName: "example.com."}, ""},
		{"dns in full", CheckDefinition{DNS: "[::1]:53", DNSName: ".", DNSType: "ns", DNSRcode: "noerror", DNSRecords: []string{"a."}}, ""},
		{"dns of nothing", CheckDefinition{DNS: "h:53"}, "dns_name"},
		{"bad question", CheckDefinition{DNS: "h", DNSName: "a..b", DNSType: "ANY", DNSRcode: "BAD"}, "dns_name dns_type dns_rcode dns"},
		{"records of no name", CheckDefinition{DNS: "h:53", DNSName: "a", DNSRcode: "NXDOMAIN", DNSRecords: []string{"1.2.3.4"}}, "dns_records"},
		{"icmp", CheckDefinition{ICMP: "::1"}, ""},
		{"icmp of a url", CheckDefinition{ICMP: "http://h"}, "icmp"},
		{"unit", CheckDefinition{OSService: "a@b.socket"}, ""},
		{"unit path", CheckDefinition{OSService: "../a"}, "os_service"},
		{"file", CheckDefinition{File: "/a", MaxAge: time.Hour}, ""},
		{"file from the future", CheckDefinition{File: "/a", MaxAge: -1}, "max_age"},
		{"keys of other kinds", CheckDefinition{ICMP: "h", ExpectBody: "a", HTTP2: true, Send: "a", DNSName: "a", MaxAge: 1, Hold: true, TLSCAFile: "a"}, "expect_body http2 send dns_name max_age hold tls_ca_file"},
		{"half a certificate", CheckDefinition{TCP: "h:1", TLSKeyFile: "k"}, "tls_cert_file"},
		{"pid", CheckDefinition{File: "/a", Pid: 1}, ""},
		{"pid file", CheckDefinition{Args: []string{"a"}, PidFile: "/a"}, ""},
		{"two processes", CheckDefinition{File: "/a", Pid: 1, PidFile: "/a"}, "pid_file"},
		{"bad pid", CheckDefinition{File: "/a", Pid: -1}, "pid"},
		{"nothing to wake", CheckDefinition{TTL: time.Second, PidFile: "/a"}, "pid_file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.def.Pid != 0 || tt.def.PidFile != "" {
				if runtime.GOOS != "linux" {
					t.Skip("PROCESSES ARE WATCHED ON LINUX ONLY")
				}
			}
			tt.def.Name = "c"
			if tt.def.TTL == 0 {
				tt.def.Interval = time.Second
			}
			if got := fields(tt.def.Validate(false)); got != tt.want {
				t.Errorf("problems in %q, want %q", got, tt.want)
			}
		})
	}
}

func TestStatusCodes(t *testing.T) {
	for text, want := range map[string]string{ // which of 200, 204, 401, 599 are in
		"": "----", "200": "2---", "200-299": "22--", "204,401-599": "-245", " 200 , 100 - 204 ": "22--",
		"2xx": "error", "99": "error", "200-": "error", "600": "error", "200,": "error", "500-400": "error",
	} {
		codes, err := ParseCodes(text)
		got := "error"
		if err == nil {
			got = ""
			for _, code := range []int{200, 204, 401, 599} {
				if codes.Has(code) {
					got += strconv.Itoa(code / 100)
				} else {
					got += "-"
				}
			}
		}
		if got != want {
			t.Errorf("%q has %s, want %s", text, got, want)
		}
	}
}

func TestNormalize(t *testing.T) {
	in := ServiceDefinition{Name: "web", Check: &CheckDefinition{TTL: time.Second}, Checks: []CheckDefinition{{ID: "mine", Name: "My check"}, {}}}
	out := in.Normalize()
	if out.ID != "web" || *out.Weights != DefaultWeights || out.Check != nil {
		t.Errorf("normalised to %+v", out)
	}
	var ids []string
	for _, c := range out.Checks {
		ids = append(ids, c.ID+"|"+c.Name+"|"+c.ServiceID)
	}
	want := "service:web:1|Service 'web' check|web mine|My check|web service:web:3|Service 'web' check|web"
	if got := strings.Join(ids, " "); got != want {
		t.Errorf("checks %s, want %s", got, want)
	}
	if in.Checks[1].ID != "" || in.Weights != nil {
		t.Error("Normalize changed what it was given")
	}
	if one := (ServiceDefinition{Name: "a", Checks: []CheckDefinition{{}}}).Normalize(); one.Checks[0].ID != "service:a" {
		t.Errorf("the only check is called %q", one.Checks[0].ID)
	}
}

func TestNames(t *testing.T) {
	for name, ok := range map[string]bool{
		"a": true, "Web-1_x": true, "-lead": true, "": false, "a.b": false, "a b": false, "ä": false, strings.Repeat("a", 63): true, strings.Repeat("a", 64): false,
	} {
		if err := ValidServiceName(name); (err == nil) != ok {
			t.Errorf("service %q: %v", name, err)
		}
	}
	for name, ok := range map[string]bool{
		"a.b.c": true, "a..b": false, "": false, "a.": false, strings.Repeat("a.", 100) + "a": false,
	} {
		if err := ValidNodeName(name); (err == nil) != ok {
			t.Errorf("node %q: %v", name, err)
		}
	}
	if Fold("ÄbC") != "Äbc" || !EqualFold("NODE", "node") || EqualFold("a", "ab") {
		t.Error("folding is ASCII only")
	}
}

func withID(d CheckDefinition, id string) CheckDefinition { d.ID = id; return d }

func fields(p Problems) string {
	var out []string
	for _, q := range p {
		out = append(out, q.Field)
	}
	return strings.Join(out, " ")
}
