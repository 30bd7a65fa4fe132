package httpapi

import (
	"encoding/json"
	"strings"
	"testing"

	"muster/catalog"
)

// names lists the events of an answer.
func eventNames(t *testing.T, body string) string {
	t.Helper()
	var events []Event
	if err := json.Unmarshal([]byte(body), &events); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range events {
		names = append(names, e.Name)
	}
	return strings.Join(names, " ")
}

func TestEvents(t *testing.T) {
	f := newFixture(t, nil)
	if got := f.get("/v1/event/list"); got != "[]" {
		t.Errorf("no events are %s", got)
	}
	twoWebs(f)
	fire := func(path, payload string) Event {
		t.Helper()
		var e Event
		r := f.do("PUT", "/v1/event/fire/"+path, payload)
		if err := json.Unmarshal([]byte(r.body), &e); err != nil || r.status != 200 {
			t.Fatalf("%s: %d %s", path, r.status, r.body)
		}
		return e
	}
	first := fire("deploy", "now\x00")
	if r := f.do("GET", "/v1/event/list", ""); r.index() == "1" || !strings.HasPrefix(r.body, `[{"ID":"`+first.ID+`","Name":"deploy","Payload":"bm93AA==","NodeFilter":"",`) {
		t.Errorf("%s %s", r.index(), r.body)
	}
	if first.Payload == nil || first.Version != 1 || first.LTime != 0 {
		t.Errorf("fired %+v", first)
	}
	if e := fire("here?node=%5En1%24&service=web&tag=.", ""); e.Payload != nil || e.NodeFilter != "^n1$" || e.ServiceFilter != "web" || e.TagFilter != "." {
		t.Errorf("fired %+v", e)
	}
	fire("there?node=n2", "")
	fire("_rexec", "") // is for agents, and is not listed
	fire("absent?service=nothing", "")
	fire("deploy", "again")
	for query, want := range map[string]string{
		"":                         "deploy here deploy", // what means other agents is not for this one
		"?name=deploy":             "deploy deploy",
		"?name=none":               "",
		"?node=n1":                 "here",
		"?service=^we&tag=%5B.%5D": "here",
		"?service=nothing":         "",
		"?dc=dc9&name=here":        "here", // an agent speaks of itself
	} {
		if got := eventNames(t, f.get("/v1/event/list"+query)); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}

// TestEventsWake has a watch of one name sleep through events of others.
func TestEventsWake(t *testing.T) {
	f := newFixture(t, nil)
	fire := func(name string) {
		t.Helper()
		if r := f.do("PUT", "/v1/event/fire/"+name, ""); r.status != 200 {
			t.Fatalf("%s: %d %s", name, r.status, r.body)
		}
	}
	fire("a")
	index := f.do("GET", "/v1/event/list?name=a", "").index()
	woken := make(chan response, 1)
	go func() {
		r, _ := f.try(t.Context(), "GET", "/v1/event/list?name=a&wait=20s&index="+index, "") // a failure shows as an empty body
		woken <- r
	}()
	for range catalog.MaxEvents { // among them the one it has seen is forgotten
		fire("b")
	}
	select {
	case r := <-woken:
		t.Fatalf("woken by events of another name: %s", r.body)
	default:
	}
	fire("a")
	if r := <-woken; eventNames(t, r.body) != "a" || r.index() == index {
		t.Errorf("woken with %s, index %s after %s", r.body, r.index(), index)
	}
}

func TestBadEventRequests(t *testing.T) {
	f := newFixture(t, nil)
	for _, c := range []struct {
		method, path, body string
		status             int
		line               string
	}{
		{"GET", "/v1/event/fire/a", "", 405, `method "GET" is not allowed here, only PUT`},
		{"POST", "/v1/event/list", "", 405, `method "POST" is not allowed here, only GET, HEAD`},
		{"PUT", "/v1/event", "", 404, ""},
		{"PUT", "/v1/event/fire", "", 400, "name is missing from the path"},
		{"PUT", "/v1/event/fire/", "", 400, "name is missing from the path"},
		{"PUT", "/v1/event/fire/a%00b", "", 400, "name: contains a control character"},
		{"PUT", "/v1/event/fire/_other", "", 400, `name: "_other" begins with an underscore, which is for events that agents fire themselves`},
		{"PUT", "/v1/event/fire/" + strings.Repeat("n", 129), "", 400, "name: has 129 bytes, the limit is 128"},
		{"PUT", "/v1/event/fire/a", strings.Repeat("p", catalog.MaxEventPayload+1), 413, "the payload has 4097 bytes, the limit is 4096"},
		{"PUT", "/v1/event/fire/a?tag=x", "", 400, "tag: a filter of tags needs one of services"},
		{"PUT", "/v1/event/fire/a?node=%28", "", 400, "node: error parsing regexp: missing closing ): `(`"},
		{"PUT", "/v1/event/fire/a?service=" + strings.Repeat("x", 513), "", 400, "a filter has more than 512 bytes"},
		{"PUT", "/v1/event/fire/a?service=(abcdef)%7B900%7D", "", 400, "service: the regular expression repeats too much"},
		{"PUT", "/v1/event/fire/a?dc=dc2", "", 500, "No path to datacenter"},
		{"GET", "/v1/event/list?node=%28", "", 400, "node: error parsing regexp: missing closing ): `(`"},
		{"GET", "/v1/event/list?index=x", "", 400, `index: "x" is not a number in 0..18446744073709551615`},
	} {
		r := f.do(c.method, c.path, c.body)
		if r.status != c.status || c.line != "" && r.body != c.line {
			t.Errorf("%s %.60s: %d %s, want %d %s", c.method, c.path, r.status, r.body, c.status, c.line)
		}
	}
	if got := f.consensus.applied(); got != 0 {
		t.Errorf("%d bad requests reached the log", got)
	}
}

func TestClientFiresEvents(t *testing.T) {
	f := newFixture(t, nil)
	c, err := NewClient(ClientConfig{Addr: f.Addrs()[0].String()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	want := ClientEvent{Name: "a b/c", Payload: []byte("x"), Node: "n.", Service: "s", Tag: "t", Datacenter: "dc1"}
	e, err := c.FireEvent(t.Context(), want)
	if err != nil || e.ID == "" || e.Name != want.Name || e.NodeFilter != "n." || e.ServiceFilter != "s" || e.TagFilter != "t" {
		t.Errorf("%+v, %v", e, err)
	}
}
