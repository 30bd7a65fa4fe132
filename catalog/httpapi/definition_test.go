package httpapi

import (
	"strings"
	"testing"
)

// Definitions come as consul-esm's users write them and Consul's clients send them, and are shown as those read them.
func TestCheckDefinition(t *testing.T) {
	for sent, shown := range map[string]string{
		`{"HTTP": "https://db.example:9/up", "Interval": "5s", "Timeout": "2s", "TLSSkipVerify": true, "Header": {"A": ["b"]}}`: `{"HTTP":"https://db.example:9/up","Header":{"A":["b"]},"TLSSkipVerify":true,"Interval":"5s","Timeout":"2s"}`,
		`{"tcp": "db.example:5432"}`: `{"TCP":"db.example:5432","Interval":"30s"}`,
		`{"TCP": "db.example:1", "Interval": 1000000000, "Observers": 3, "DeregisterCriticalServiceAfter": "30m"}`: `{"TCP":"db.example:1","Interval":"1s","DeregisterCriticalServiceAfter":"30m0s","Observers":3}`,
		`{}`:   `{}`,
		`null`: `{}`,
		`{"Interval": "10s", "HTTP": "", "TCP": ""}`: `{}`,
	} {
		f := newFixture(t, nil)
		f.put("/v1/catalog/register", `{"Node": "n1", "Address": "192.0.2.1", "Check": {"Name": "up", "Status": "passing", "Definition": `+sent+`}}`)
		if got := f.get("/v1/health/node/n1"); !strings.Contains(got, `"Definition":`+shown+`,`) || !strings.Contains(got, `"Status":"passing"`) {
			t.Errorf("%s is shown as %s", sent, got)
		}
	}
}

func TestBadCheckDefinition(t *testing.T) {
	f := newFixture(t, nil)
	for sent, want := range map[string]string{
		`{"Args": ["/bin/true"], "Interval": "1s"}`:             "Check.Definition.args: other agents cannot probe a script check",
		`{"File": "/etc/passwd", "Interval": "1s"}`:             "Check.Definition.file: other agents",
		`{"HTTP": "file:///etc/passwd"}`:                        "Check.Definition.http: ",
		`{"TCP": "x:1", "Interval": "1ms"}`:                     "Check.Definition.interval: ",
		`{"TCP": "x:1", "HTTP": "http://x/"}`:                   "Check.Definition.tcp: a check has one kind",
		`{"TCP": "x:1", "Observers": 99}`:                       "Check.Definition.observers: 99 is over the most",
		`{"TCP": "x:1", "TLSCertFile": "c", "TLSKeyFile": "k"}`: "Check.Definition.tls_cert_file: ",
	} {
		body := `{"Node": "n1", "Address": "192.0.2.1", "Check": {"Name": "up", "Definition": ` + sent + `}}`
		if r := f.do("PUT", "/v1/catalog/register", body); r.status != 400 || !strings.Contains(r.body, want) {
			t.Errorf("%s: %d %s", sent, r.status, r.body)
		}
	}
}
