package agent

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"muster/catalog/httpapi"
)

// explain returns what the agent says over HTTP.
func (a *testAgent) explain(query string) httpapi.Explanation {
	a.t.Helper()
	code, body := a.call("GET", "/v1/dns/explain?"+query, "")
	var e httpapi.Explanation
	if err := json.Unmarshal([]byte(body), &e); code != 200 || err != nil {
		a.t.Fatalf("%s: %d %s (%v)", query, code, body, err)
	}
	return e
}

// brief is an explanation's first name in a line: who is in, who is out and why.
func brief(e httpapi.Explanation) string {
	out := e.Rcode
	if e.Reason != "" {
		out += " (" + e.Reason + ")"
	}
	for _, n := range e.Names {
		for _, c := range n.Considered {
			out += "; " + c.ID + " on " + c.Node + " " + c.Verdict
			for _, check := range c.Checks {
				if check.Against {
					out += fmt.Sprintf(" by %s %q %q since=%t", check.CheckID, check.Output, check.Notes, check.Since != nil)
				}
			}
		}
	}
	return out
}

func TestExplainFollowsTheCatalog(t *testing.T) {
	a := startAgent(t, "", map[string]string{"a.json": `{"services": [
		{"name": "web", "id": "web1", "address": "192.0.2.1", "port": 80},
		{"name": "web", "id": "web2", "address": "192.0.2.2", "port": 81, "check": {"ttl": "1h"}},
	]}`})
	becomes := func(what, want string) {
		t.Helper()
		eventually(t, what, want, func() string { return brief(a.explain("name=web.service.consul")) })
	}
	becomes("at first", `NOERROR; web1 on n1 answered; web2 on n1 critical by service:web2 "" "" since=true`)
	// New output alone goes to the catalog minutes later; who probes knows it now.
	a.want("PUT", "/v1/agent/check/fail/service:web2?note=no+disk", "", 200, "")
	becomes("after a verdict", `NOERROR; web1 on n1 answered; web2 on n1 critical by service:web2 "no disk" "" since=true`)
	a.want("PUT", "/v1/agent/check/pass/service:web2?note=fine", "", 200, "")
	becomes("mended", "NOERROR; web1 on n1 answered; web2 on n1 answered")
	moved := a.explain("name=web.service.consul").Names[0].Considered[1].Checks
	if tr := moved[len(moved)-1].Transitions; len(tr) != 1 || tr[0].From != "critical" || tr[0].To != "passing" || tr[0].Reason != "fine" {
		t.Errorf("checks %+v", moved)
	}
	if _, body := a.call("GET", "/v1/agent/check/service:web2/history", ""); !strings.Contains(body, `"Reason":"fine"`) {
		t.Errorf("history %s", body)
	}
	if _, body := a.call("GET", "/v1/agent/checks/standing", ""); !strings.Contains(body, `"Output":"fine"`) || !strings.Contains(body, `"NextIn":"1h0m0s"`) && !strings.Contains(body, `"NextIn":"59m`) {
		t.Errorf("standings %s", body)
	}
	a.want("PUT", "/v1/agent/service/maintenance/web1?enable=true&reason=upgrade", "", 200, "")
	becomes("in maintenance", `NOERROR; web1 on n1 maintenance by _service_maintenance:web1 "" "upgrade" since=true; web2 on n1 answered`)
	a.want("PUT", "/v1/agent/maintenance?enable=true&reason=reboot", "", 200, "")
	becomes("the whole node", `NXDOMAIN (2 instances: 2 in maintenance)`+
		`; web1 on n1 maintenance by _node_maintenance "" "reboot" since=true by _service_maintenance:web1 "" "upgrade" since=true`+
		`; web2 on n1 maintenance by _node_maintenance "" "reboot" since=true`)
}

// TestExplainOtherNodes holds that nothing is made up of checks that another agent runs.
func TestExplainOtherNodes(t *testing.T) {
	a := startAgent(t, "", nil)
	a.resolves("the leader has come", "n1.node.consul", "127.0.0.1")
	a.want("PUT", "/v1/catalog/register", `{"Node": "far", "Address": "192.0.2.9", "Service": {"Service": "db", "Port": 5432},
		"Check": {"CheckID": "ping", "Status": "critical", "Output": "lost"}}`, 200, "true")
	e := a.explain("name=db&type=srv")
	if got, want := brief(e), `NXDOMAIN (1 instance: 1 critical); db on far critical by ping "lost" "" since=false`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	c := e.Names[0].Considered[0]
	if c.Weight != nil || c.Port != 5432 || c.Checks[0].ModifyIndex == 0 || !c.Checks[0].OfNode || c.Why == "" {
		t.Errorf("considered %+v", c)
	}
	if e.Name != "db.service.consul." || e.Type != "SRV" || e.Agent.Node != "n1" || e.Agent.Datacenter != "dc1" ||
		!e.Agent.Ready || e.Agent.Age != "0s" || e.Agent.Index < c.Checks[0].ModifyIndex {
		t.Errorf("got %+v", e)
	}
}

func TestExplainNames(t *testing.T) {
	a := startAgent(t, "", map[string]string{"a.json": `{"domain": "corp.example.", "service": {"name": "web", "address": "192.0.2.1"}}`})
	a.resolves("up", "web.service.corp.example", "192.0.2.1")
	for query, want := range map[string]string{
		"name=web":                      "web.service.corp.example. NOERROR",
		"name=corp.example&type=soa":    "corp.example. NOERROR",
		"name=web.":                     "web. REFUSED",
		"name=n1.node.corp.example&tcp": "n1.node.corp.example. NOERROR",
	} {
		if e := a.explain(query); e.Name+" "+e.Rcode != want {
			t.Errorf("%s: %s %s, want %s", query, e.Name, e.Rcode, want)
		}
	}
	for query, want := range map[string]string{
		"name=a..b":            `"a..b" is not a domain name (labels of 1 to 63 octets, 255 in all)`,
		"name=web&type=bogus":  `"bogus" is not a record type such as A, SRV or TYPE65`,
		"name=web&type=TYPE-1": `"TYPE-1" is not a record type such as A, SRV or TYPE65`,
	} {
		a.want("GET", "/v1/dns/explain?"+query, "", 400, want)
	}
}

// TestQueryLogIsReloaded turns the query log on while the agent runs.
func TestQueryLogIsReloaded(t *testing.T) {
	a := startAgent(t, "", map[string]string{"a.json": webAndDB})
	a.resolves("up", "web.service.consul", "192.0.2.1")
	lines := a.logs.Subscribe(t.Context(), 0, true)
	a.lookup("web.service.consul")
	a.write("b.json", `{"dns_config": {"query_log": 1}}`)
	if _, err := a.Reload(); err != nil {
		t.Fatal(err)
	}
	a.lookup("nope.service.consul")
	eventually(t, "the first question written down", "nope.service.consul.", func() string {
		for {
			select {
			case line := <-lines:
				var fields struct{ Msg, Name string }
				if json.Unmarshal(line, &fields) == nil && fields.Msg == "dns query" {
					return fields.Name
				}
			default:
				return "nothing"
			}
		}
	})
}
