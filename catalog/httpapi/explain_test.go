package httpapi

import (
	"errors"
	"strings"
	"testing"

	"muster/catalog"
)

// fakeExplainer tells what it was asked, or fails.
type fakeExplainer struct{ failure error }

func (f *fakeExplainer) Explain(name, qtype string, tcp bool) (Explanation, error) {
	return Explanation{Name: name, Type: qtype, TCP: tcp, Rcode: "NOERROR"}, f.failure
}

func explainFixture(t *testing.T) (*fixture, *fakeExplainer) {
	e := &fakeExplainer{}
	return newFixture(t, func(_ *Config, d *Deps) { d.DNS = e }), e
}

func TestExplain(t *testing.T) {
	f, _ := explainFixture(t)
	for query, want := range map[string]string{
		"name=web.service.consul":                        `{"Name":"web.service.consul","Type":"A","TCP":false,`,
		"name=_a._b&type=srv&tcp":                        `{"Name":"_a._b","Type":"srv","TCP":true,`,
		"name=a&tcp=false&dc=DC1":                        `{"Name":"a","Type":"A","TCP":false,`,
		`name=a%20b%5C.c%C3%BC&type=TYPE65280&tcp=1`:     `{"Name":"a b\\.cü","Type":"TYPE65280","TCP":true,`,
		"name=first&name=second&type=A&type=MX&stale&x=": `{"Name":"first","Type":"A","TCP":false,`,
	} {
		r := f.do("GET", "/v1/dns/explain?"+query, "")
		if r.status != 200 || !strings.HasPrefix(r.body, want) || r.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %s, want %s", query, r.status, r.body, want)
		}
	}
}

func TestExplainBadRequests(t *testing.T) {
	f, e := explainFixture(t)
	for _, c := range []struct {
		method, query string
		failure       error
		status        int
		line          string
	}{
		{"GET", "", nil, 400, "name: say which name, such as name=web.service.consul"},
		{"GET", "name=&type=A", nil, 400, "name: say which name, such as name=web.service.consul"},
		{"GET", "name=a%00b", nil, 400, "name: contains a control character"},
		{"GET", "name=a%0ab", nil, 400, "name: contains a control character"},
		{"GET", "name=a&tcp=maybe", nil, 400, `tcp: "maybe" is neither true nor false`},
		{"GET", "name=a&dc=dc2", nil, 400, "dc: an agent explains its own answers only; ask one of that datacenter"},
		{"GET", "name=%zz", nil, 400, "the query string is malformed"},
		{"GET", "name=a..b", catalog.Errorf(catalog.Invalid, "no name"), 400, "no name"},
		{"GET", "name=a", errors.New("secret"), 500, internalText},
		{"PUT", "name=a", nil, 405, `method "PUT" is not allowed here, only GET, HEAD`},
	} {
		e.failure = c.failure
		if r := f.do(c.method, "/v1/dns/explain?"+c.query, ""); r.status != c.status || r.body != c.line {
			t.Errorf("%s %s: %d %s, want %d %s", c.method, c.query, r.status, r.body, c.status, c.line)
		}
	}
	off := newFixture(t, nil)
	if r := off.do("GET", "/v1/dns/explain?name=a", ""); r.status != 404 || r.body != "DNS is off on this agent" {
		t.Errorf("with DNS off: %d %s", r.status, r.body)
	}
}

func TestClientExplain(t *testing.T) {
	f, _ := explainFixture(t)
	c, err := NewClient(ClientConfig{Addr: f.Addrs()[0].String()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, want := range []Explanation{{Name: "a b&c", Type: "A"}, {Name: "x.", Type: "srv", TCP: true}} {
		got, err := c.Explain(t.Context(), want.Name, want.Type, want.TCP)
		if err != nil || got.Name != want.Name || got.Type != want.Type || got.TCP != want.TCP {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	}
	if got, err := c.Explain(t.Context(), "a", "", false); err != nil || got.Type != "A" {
		t.Errorf("without a type: %+v, %v", got, err)
	}
}
