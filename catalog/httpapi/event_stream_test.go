package httpapi

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"muster/catalog"
)

// eventReader reads a stream as a browser does.
type eventReader struct {
	t     *testing.T
	lines *bufio.Scanner
	id    string // of the last message
}

// follow opens the stream; lastID "" begins it.
func follow(t *testing.T, f *fixture, lastID string) *eventReader {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	req, err := http.NewRequestWithContext(ctx, "GET", "http://"+f.Addrs()[0].String()+"/v1/events/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	if lastID != "" {
		req.Header.Set("Last-Event-ID", lastID)
	}
	res, err := f.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = res.Body.Close() })
	if kind := res.Header.Get("Content-Type"); res.StatusCode != 200 || kind != "text/event-stream" {
		t.Fatalf("status %d, type %q", res.StatusCode, kind)
	}
	return &eventReader{t: t, lines: bufio.NewScanner(res.Body)}
}

// next returns the next message that has data.
func (r *eventReader) next() (event, data string) {
	r.t.Helper()
	for r.lines.Scan() {
		field, value, _ := strings.Cut(r.lines.Text(), ": ")
		switch {
		case field == "id":
			r.id = value
		case field == "event":
			event = value
		case field == "data":
			data = value
		case field == "" && data != "":
			return event, data
		}
	}
	r.t.Fatalf("the stream ended: %v", r.lines.Err())
	return "", ""
}

// change returns the next message, which must be one of changes, in short.
func (r *eventReader) change() string {
	r.t.Helper()
	event, data := r.next()
	var c CatalogChange
	if err := json.Unmarshal([]byte(data), &c); err != nil || event != "change" {
		r.t.Fatalf("%s %s: %v", event, data, err)
	}
	var out []string
	for _, n := range c.Nodes {
		out = append(out, "node "+n.Node)
	}
	for _, s := range c.Services {
		out = append(out, "service "+s.Node+"/"+s.ID)
	}
	for _, k := range c.Checks {
		out = append(out, "check "+k.Node+"/"+k.CheckID+" "+k.Status)
	}
	for _, g := range c.Gone {
		out = append(out, strings.TrimRight("gone "+g.Node+"/"+g.ServiceID+"/"+g.CheckID, "/"))
	}
	return strings.Join(out, ", ")
}

func TestEventStream(t *testing.T) {
	f := newFixture(t, nil)
	twoWebs(f)
	live := follow(t, f, "")
	if event, data := live.next(); event != "begin" || data != `{"Index":3}` || live.id != "3" {
		t.Fatalf("begins with %s %s, id %q", event, data, live.id)
	}
	const register, deregister = "/v1/catalog/register", "/v1/catalog/deregister"
	for _, step := range []struct{ path, body, want string }{
		{register, `{"Node": "n2", "SkipNodeUpdate": true, "Check": {"CheckID": "c2", "ServiceID": "web-2", "Status": "passing"}}`, "check n2/c2 passing"},
		{register, `{"Node": "n3", "Address": "10.0.0.3", "Service": {"Service": "db"}}`, "node n3, service n3/db"},
		{"/v1/kv/a", "x", ""},
		{register, `{"Node": "n3", "Address": "10.0.0.3", "Service": {"Service": "db"}, "Check": {"Name": "up"}}`, "check n3/up critical"},
		{deregister, `{"Node": "n2", "ServiceID": "web-2"}`, "gone n2/web-2"},
		{deregister, `{"Node": "n3"}`, "gone n3"},
		{register, `{"Node": "n9", "Address": "10.0.0.9", "ID": "40e4a748-2192-161a-0510-9bf59fe950b5"}`, "node n9, gone n1"},
	} {
		f.put(step.path, step.body)
		if step.want == "" {
			continue
		}
		if got := live.change(); got != step.want {
			t.Errorf("%s: told %q, want %q", step.body, got, step.want)
		}
	}
	// Who was cut off is told of each row once, as it is now.
	if got, want := follow(t, f, "3").change(), "node n9, gone n2/web-2, gone n3, gone n3/db, gone n3/up, gone n1"; !sameWords(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
}

// sameWords compares lists without regard to order or to checks that went with what they were of.
func sameWords(got, want string) bool {
	wanted := map[string]bool{}
	for _, w := range strings.Split(want, ", ") {
		wanted[w] = true
	}
	for _, g := range strings.Split(got, ", ") {
		if !wanted[g] && g != "gone n2//c2" && g != "gone n3//up" {
			return false
		}
		delete(wanted, g)
	}
	delete(wanted, "gone n3/up")
	return len(wanted) == 0
}

// TestEventStreamResets: a client that cannot be told what it missed is told so.
func TestEventStreamResets(t *testing.T) {
	f := newFixture(t, nil)
	twoWebs(f)
	live := follow(t, f, "2")
	if got := live.change(); got != "service n2/db" {
		t.Errorf("told %q", got)
	}
	if event, data := follow(t, f, "4").next(); event != "reset" || data != `{"Index":3}` {
		t.Errorf("of an index to come: %s %s", event, data)
	}
	var saved strings.Builder
	if err := f.state.Snapshot().Persist(&saved); err != nil {
		t.Fatal(err)
	}
	if err := f.state.RestoreAt(strings.NewReader(saved.String()), 50); err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]*eventReader{"open": live, "resumed": follow(t, f, "2")} {
		if event, data := r.next(); event != "reset" || !strings.HasPrefix(data, `{"Index":50,"Lineage":"`) || r.id != "50" {
			t.Errorf("%s: %s %s, id %q", name, event, data, r.id)
		}
	}
	if _, err := f.state.Apply(51, &catalog.Deregister{Node: "n1"}); err != nil {
		t.Fatal(err)
	}
	if got := live.change(); got != "gone n1" {
		t.Errorf("after the reset: %q", got)
	}
}

func TestEventStreamBadInput(t *testing.T) {
	f := newFixture(t, nil)
	for _, tt := range []struct{ path, header, want string }{
		{"?index=x", "Accept: */*", `index: "x" is not an index`},
		{"", "Last-Event-ID: -1", `Last-Event-ID: "-1" is not an index`},
	} {
		if r := f.do("GET", "/v1/events/stream"+tt.path, "", tt.header); r.status != 400 || strings.TrimSpace(r.body) != tt.want {
			t.Errorf("%s %s: %d %s", tt.path, tt.header, r.status, r.body)
		}
	}
	if r := f.do("HEAD", "/v1/events/stream", ""); r.status != 200 {
		t.Errorf("HEAD: %d", r.status)
	}
}
