package httpapi

import (
	"strings"
	"testing"

	"muster/catalog"
)

// TestAgentWrites: what each request tells the agent. An empty told means that
// nothing may reach it; line is then what the client is told.
func TestAgentWrites(t *testing.T) {
	f, a := newAgentFixture(t)
	const (
		service = "/v1/agent/service/register"
		check   = "/v1/agent/check/register"
		noKind  = "muster has no such check; it has http"
		noMesh  = "belongs to Consul's mesh or enterprise features, which muster does not have"
	)
	for _, c := range []struct {
		path, body string
		status     int
		line       string // part of the answer's body
		told       []string
	}{
		{service, `{"Name":"web","port":80,"tags":["a"],"check":{"http":"http://x","interval":"10s"}}`, 200, "", []string{"Name:web", "Port:80", "Tags:[a]", "Interval:10s", "} false"}},
		{service + "?replace-existing-checks", `{"Name":"web"}`, 200, "", []string{"service", "} true"}},
		{service + "?replace-existing-checks=false", `{"Name":"web"}`, 200, "", []string{"} false"}},
		{service, `{"ID":"a","Name":"web","Checks":[{"CheckID":"c","TTL":"1m","DeregisterCriticalServiceAfter":"90m"}]}`, 200, "", []string{"ID:c", "TTL:1m0s", "DeregisterCriticalServiceAfter:1h30m0s"}},
		{service, `{"Name":"web","Connect":{"Native":false},"Proxy":{"Mode":""},"Kind":"","Check":{"GRPC":"","TTL":"1s","UDP":null}}`, 200, "", []string{"Name:web", "TTL:1s"}},
		{service, `{"Name":"web","DNS":{"Priority":70000}}`, 200, "", []string{"DNS:0x"}}, // the agent judges
		{service, `{"Name":"web","DNS":{"TTL":"soon"}}`, 400, "dns.ttl", nil},
		{service, `{"Name":"web","Token":"x","Whatever":{"a":1}}`, 200, "", []string{"Name:web"}},
		{check, `{"Name":"c","script_args":["/bin/true"],"Interval":1000000000,"service_id":"web"}`, 200, "", []string{"Name:c", "Args:[/bin/true]", "Interval:1s", "ServiceID:web"}},

		{service, `{"Name":"web"`, 400, "body:1:", nil},
		{service, `[]`, 400, "body:1:1", nil},
		{service, `{"Name":7,"Port":"x"}`, 400, "port: wants a number", nil},
		{service, `{"Name":"web","Connect":{"SidecarService":{"Port":1}}}`, 400, noMesh, nil},
		{service, `{"Name":"web","Proxy":{"DestinationServiceName":"x"}}`, 400, "Proxy: " + noMesh, nil},
		{service, `{"Name":"web","Kind":"connect-proxy"}`, 400, "Kind: " + noMesh, nil},
		{service, `{"Name":"web","Namespace":"ns"}`, 400, noMesh, nil},
		{service, `{"Name":"web","Check":{"GRPC":"x:1/s","GRPCUseTLS":true,"Interval":"1s"}}`, 200, "", []string{"GRPC:x:1/s", "GRPCUseTLS:true"}},
		{service, `{"Name":"web","Checks":[{"UDP":"x:1","Send":"a","expect":"b","Interval":"1s"},{"OSService":"x","Pid":7}]}`, 200, "", []string{"UDP:x:1", "Send:a", "Expect:b", "OSService:x", "Pid:7"}},
		{service, `{"Name":"web","Checks":[{"TTL":"1s"},{"docker_container_id":"x"}]}`, 400, "checks[1].docker_container_id: " + noKind, nil},
		{service, `{"Name":"web","Check":{"Interval":"soon"}}`, 400, "check.interval", nil},
		{service + "?replace-existing-checks=perhaps", `{"Name":"web"}`, 400, "replace-existing-checks", nil},
		{check, `{"Name":"c","DNS":"x:53","DNSName":"a.b","dns_type":"MX","DNSRecords":["10 c"],"Interval":"1s"}`, 200, "", []string{"DNS:x:53", "DNSName:a.b", "DNSType:MX", "DNSRecords:[10 c]"}},
		{check, `{"Name":"c","ICMP":"x","Interval":"1s","PidFile":"/p","Hold":true}`, 200, "", []string{"ICMP:x", "PidFile:/p", "Hold:true"}}, // the agent judges
		{check, `{"Name":"c","HTTP":"http://x","ExpectStatus":"200,401","expect_body":"ok","HTTP2":true}`, 200, "", []string{"ExpectStatus:200,401", "ExpectBody:ok", "HTTP2:true"}},
		{check, `{"Name":"c","File":"/f","MaxAge":"1h","TLSCAFile":"/ca"}`, 200, "", []string{"File:/f", "MaxAge:1h0m0s", "TLSCAFile:/ca"}},
		{check, `{"Name":"c","Shell":"/bin/sh"}`, 400, "Shell: " + noKind, nil},
		{check, `{"Name":"c","H2PING":"x:1"}`, 400, noKind, nil},
		{check, `{"Name":"c","Connect":{"a":1},"TTL":"1s"}`, 200, "", []string{"TTL:1s"}}, // no key of a check
		{check, `{"Name":"` + strings.Repeat("x", maxJSONBytes) + `"}`, 413, "limit", nil},

		{"/v1/agent/service/deregister/web%2F1", "", 200, "", []string{"deregister web/1"}},
		{"/v1/agent/service/deregister/a/b", "", 200, "", []string{"deregister a/b"}},
		{"/v1/agent/service/deregister/", "", 400, "id is missing", nil},
		{"/v1/agent/check/deregister/service:web", "", 200, "", []string{"deregister check service:web"}},
		{"/v1/agent/check/deregister/a%00b", "", 400, "control character", nil},

		{"/v1/agent/check/pass/c?note=all+good", "", 200, "", []string{`ttl c passing "all good"`}},
		{"/v1/agent/check/warn/c", "", 200, "", []string{`ttl c warning ""`}},
		{"/v1/agent/check/fail/c", "", 200, "", []string{`ttl c critical ""`}},
		{"/v1/agent/check/pass/", "", 400, "id is missing", nil},
		{"/v1/agent/check/update/c", `{"Status":"warning","output":"o"}`, 200, "", []string{`ttl c warning "o"`}},
		{"/v1/agent/check/update/c", `{"Status":"fine"}`, 400, `Status: "fine" is none of passing, warning, critical`, nil},
		{"/v1/agent/check/update/c", `{}`, 400, `Status: "" is none`, nil},
		{"/v1/agent/check/update/c", `{"Status":"maintenance"}`, 400, "none of", nil},

		{"/v1/agent/maintenance?enable=true&reason=disk+swap", "", 200, "", []string{`maintenance "" true "disk swap"`}},
		{"/v1/agent/maintenance?enable=false", "", 200, "", []string{`maintenance "" false ""`}},
		{"/v1/agent/maintenance?enable=true&expires=10m", "", 200, "", []string{`maintenance "" true "" for 10m0s`}},
		{"/v1/agent/service/maintenance/web-1?enable=true&expires=90s&reason=x", "", 200, "", []string{`maintenance "web-1" true "x" for 1m30s`}},
		{"/v1/agent/maintenance?enable=true&expires=soon", "", 400, "expires", nil},
		{"/v1/agent/maintenance?enable=true&expires=-1s", "", 400, "expires", nil},
		{"/v1/agent/maintenance?enable=false&expires=1m", "", 400, "expires", nil},
		{"/v1/agent/drain", "", 200, `{"Wait":"31s"}`, []string{`drain "" ""`}},
		{"/v1/agent/drain?service=web-1&reason=new+disk", "", 200, `{"Wait":"31s"}`, []string{`drain "web-1" "new disk"`}},
		{"/v1/agent/maintenance", "", 400, "enable", nil},
		{"/v1/agent/maintenance?enable", "", 400, "enable", nil},
		{"/v1/agent/maintenance?enable=maybe", "", 400, "enable", nil},
		{"/v1/agent/service/maintenance/web-1?enable=true", "", 200, "", []string{`maintenance "web-1" true ""`}},
		{"/v1/agent/service/maintenance/?enable=true", "", 400, "id is missing", nil},

		{"/v1/agent/reload", "", 200, "+2 services, ~1 check", []string{"reload"}},
		{"/v1/agent/leave", "", 200, "", []string{"leave"}},
		{"/v1/agent/join/127.0.0.1", "", 200, "", []string{"join 127.0.0.1 false"}},
		{"/v1/agent/join/%5B::1%5D:8302?wan=1", "", 200, "", []string{"join [::1]:8302 true"}},
		{"/v1/agent/join/", "", 400, "address is missing", nil},
		{"/v1/agent/join/x?wan=maybe", "", 400, "wan", nil},
		{"/v1/agent/force-leave/n2?prune", "", 200, "", []string{"force-leave n2 true false"}},
		{"/v1/agent/force-leave/n2.dc2?wan=true", "", 200, "", []string{"force-leave n2.dc2 false true"}},
		{"/v1/agent/force-leave/", "", 400, "node is missing", nil},
		{"/v1/agent/force-leave/n2?prune=maybe", "", 400, "prune", nil},
	} {
		r := f.do("PUT", c.path, c.body)
		told := a.lastTold()
		if r.status != c.status || !strings.Contains(r.body, c.line) || c.line == "" && r.body != "" || strings.Contains(r.body, "\n") {
			t.Errorf("%s %.100s: %d %q, want %d %q", c.path, c.body, r.status, r.body, c.status, c.line)
		}
		if c.told == nil && told != "" {
			t.Errorf("%s %.100s: reached the agent: %s", c.path, c.body, told)
		}
		for _, part := range c.told {
			if !strings.Contains(told, part) {
				t.Errorf("%s %.100s: the agent was told %q, not %q", c.path, c.body, told, part)
			}
		}
	}
}

// TestAgentRefusals: the agent's own refusals reach the client by the table of codes.
func TestAgentRefusals(t *testing.T) {
	f, a := newAgentFixture(t)
	for code, status := range map[catalog.Code]int{
		catalog.Invalid: 400, catalog.Denied: 403, catalog.NotFound: 404, catalog.Conflict: 409, catalog.Unavailable: 503, catalog.Internal: 500,
	} {
		a.failure = catalog.Errorf(code, "why it is so")
		for _, path := range []string{
			"/v1/agent/service/register", "/v1/agent/service/deregister/x", "/v1/agent/service/maintenance/x?enable=true",
			"/v1/agent/check/register", "/v1/agent/check/deregister/x", "/v1/agent/check/pass/x", "/v1/agent/maintenance?enable=1",
			"/v1/agent/reload", "/v1/agent/leave", "/v1/agent/join/x", "/v1/agent/force-leave/x",
		} {
			r := f.do("PUT", path, "{}")
			if r.status != status || (code != catalog.Internal) != strings.Contains(r.body, "why it is so") {
				t.Errorf("%s: %s became %d %q", path, code, r.status, r.body)
			}
		}
	}
}

func TestAgentMethods(t *testing.T) {
	f, a := newAgentFixture(t)
	a.set(twoInstances())
	for _, rt := range f.agentRoutes() {
		path := strings.NewReplacer("{id}", "web-1", "{name}", "web", "{address}", "x", "{node}", "x").Replace(rt.template)
		for _, method := range []string{"GET", "POST", "PUT", "DELETE"} {
			if rt.methods[method] != nil {
				continue
			}
			// GET service/register is no service of that id: the literal path wins.
			if r := f.do(method, path, ""); r.status != 405 || r.header.Get("Allow") == "" {
				t.Errorf("%s %s: %d %q", method, path, r.status, r.body)
			}
		}
	}
	for _, path := range []string{
		"/v1/agent/monitor?loglevel=loud", "/v1/agent/monitor?logjson=x", "/v1/agent/metrics?format=xml", "/v1/agent/members?wan=x",
		"/v1/agent/services?filter=Nope==1", "/v1/agent/checks?filter=Nope==1", "/v1/agent/members?filter=((", "/v1/agent/service/",
		"/v1/agent/service/web-1?hash=x&wait=soon", "/v1/agent/health/service/id/", "/v1/agent/health/service/name/",
	} {
		if r := f.do("GET", path, ""); r.status != 400 || strings.Contains(r.body, "\n") {
			t.Errorf("%s: %d %q", path, r.status, r.body)
		}
	}
	if r := f.do("GET", "/v1/agent/service/nope", ""); r.status != 404 || !strings.Contains(r.body, "unknown service ID") {
		t.Errorf("unknown service: %d %q", r.status, r.body)
	}
}
