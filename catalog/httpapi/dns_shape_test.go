package httpapi

import (
	"encoding/json"
	"strings"
	"testing"

	"muster/catalog"
)

// TestShapeOfDNS registers what an owner asks of DNS and reads it wherever instances are shown;
// TestReads holds that nothing is shown where nothing was asked.
func TestShapeOfDNS(t *testing.T) {
	f, a := newAgentFixture(t)
	for sent, want := range map[string]string{
		`{"Priority": 10, "TTL": "90s", "ALPN": ["h2", "h3"]}`: `{"Priority":10,"TTL":"1m30s","ALPN":["h2","h3"]}`,
		`{"ttl": 0}`:          `{"Priority":1,"TTL":"0s"}`,
		`{"priority": 0}`:     `{"Priority":0}`,
		`{"TTL": 5000000000}`: `{"Priority":1,"TTL":"5s"}`,
		`{}`:                  `{"Priority":1}`,
	} {
		f.put("/v1/catalog/register", `{"Node": "n1", "Address": "10.0.0.1", "Service": {"Service": "web", "DNS": `+sent+`}}`)
		a.set([]*catalog.Instance{f.state.Snapshot().Instance("n1", "web")}, nil)
		for path, key := range map[string]string{
			"catalog/service/web": "ServiceDNS", "health/service/web": "DNS", "catalog/node/n1": "DNS", "catalog/node-services/n1": "DNS",
			"agent/service/web": "DNS", "agent/services": "DNS",
		} {
			if got := f.get("/v1/" + path); !strings.Contains(got, `"`+key+`":`+want) {
				t.Errorf("%s after %s: no %s in %s", path, sent, want, got)
			}
		}
		// What the agent shows may be sent to it again.
		var def catalog.ServiceDefinition
		if err := decodeText(`{"name": "web", "dns": `+want+`}`, &def); err != nil || !def.DNS.Equal(f.state.Snapshot().Instance("n1", "web").DNS) {
			t.Errorf("%s sent again is %+v (%v)", want, def.DNS, err)
		}
	}
}

func decodeText(text string, into any) error { return (&request{body: []byte(text)}).decode(into) }

func TestClientSendsDNS(t *testing.T) {
	text, err := json.Marshal(ClientService{Name: "web", DNS: &catalog.InstanceDNS{Priority: 0, ALPN: []string{"h2"}}})
	if err != nil {
		t.Fatal(err)
	}
	var got catalog.ServiceDefinition
	if err := decodeText(string(text), &got); err != nil || got.DNS == nil || got.DNS.Priority != 0 || got.DNS.TTL != nil || len(got.DNS.ALPN) != 1 {
		t.Errorf("%s decodes as %+v (%v)", text, got.DNS, err)
	}
}

func TestShapeOfGuard(t *testing.T) {
	f, a := newAgentFixture(t)
	const sent, want = `{"WhenAllCritical": "all", "brake_percent": 50, "BrakeWindow": "20s", "SlowStart": 30000000000}`,
		`{"WhenAllCritical":"all","BrakePercent":50,"BrakeWindow":"20s","SlowStart":"30s"}`
	f.put("/v1/catalog/register", `{"Node": "n1", "Address": "10.0.0.1", "Service": {"Service": "web", "Guard": `+sent+`}}`)
	row := f.state.Snapshot().Instance("n1", "web")
	a.set([]*catalog.Instance{row}, nil)
	for path, key := range map[string]string{
		"catalog/service/web": "ServiceGuard", "health/service/web": "Guard", "catalog/node/n1": "Guard", "agent/service/web": "Guard",
	} {
		if got := f.get("/v1/" + path); !strings.Contains(got, `"`+key+`":`+want) {
			t.Errorf("%s: no %s in %s", path, want, got)
		}
	}
	var def catalog.ServiceDefinition
	if err := decodeText(`{"name": "web", "guard": `+want+`}`, &def); err != nil || !def.Guard.Equal(row.Guard) {
		t.Errorf("%s sent again is %+v (%v)", want, def.Guard, err)
	}
}
