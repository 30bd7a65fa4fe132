package httpapi

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestBlockingReadsOfTheirOwn are those that wait for one row by its id, or for rows
// of a kind: each sleeps through a change of every other kind.
func TestBlockingReadsOfTheirOwn(t *testing.T) {
	f := newFixture(t, nil)
	twoWebs(f)
	f.put("/v1/kv/k", "")
	id := func(r response) string {
		var made struct{ ID string }
		if err := json.Unmarshal([]byte(r.body), &made); err != nil || made.ID == "" {
			t.Fatalf("%d %s: %v", r.status, r.body, err)
		}
		return made.ID
	}
	session := func(node string) string {
		return id(f.do("PUT", "/v1/session/create", `{"Node": "`+node+`", "NodeChecks": []}`))
	}
	query := func(name string) string {
		return id(f.do("POST", "/v1/query", `{"Name": "`+name+`", "Service": {"Service": "web"}}`))
	}
	at := func(node string, error float64) {
		body := fmt.Sprintf(`{"Node": %q, "Coord": {"Vec": [0,0,0,0,0,0,0,0], "Error": %v, "Height": 0.0001}}`, node, error)
		if r := f.do("PUT", "/v1/coordinate/update", body); r.status != 200 {
			t.Fatalf("coordinate: %d %s", r.status, r.body)
		}
	}
	fire := func(name string) { id(f.do("PUT", "/v1/event/fire/"+name, "")) }
	s1, s2 := session("n1"), session("n2")
	q1, q2 := query("q1"), query("q2")
	at("n1", 1)
	at("n2", 1)
	fire("first")

	// Of each read: a change that is near and not its own, and its own. They stand in the order of time.
	n := 0.5
	for _, c := range []struct {
		path      string
		near, own func()
		part      string // of the answer
	}{
		{"/v1/kv/k?raw", func() { f.put("/v1/kv/k2", "x") }, func() { f.put("/v1/kv/k", "new") }, "new"},
		{"/v1/event/list?name=a", func() { fire("b") }, func() { fire("a") }, `"Name":"a"`},
		{"/v1/coordinate/node/n1", func() { at("n2", n) }, func() { at("n1", n) }, `"Error":0.5`},
		{"/v1/coordinate/nodes", func() { fire("c") }, func() { at("n2", 0.25) }, `"Error":0.25`},
		{"/v1/query/" + q1, func() { f.do("DELETE", "/v1/query/"+q2, "") },
			func() { f.do("PUT", "/v1/query/"+q1, `{"Name": "other", "Service": {"Service": "web"}}`) }, `"other"`},
		{"/v1/query", func() { session("n1") }, func() { query("q3") }, `"q3"`},
		{"/v1/session/info/" + s1, func() { session("n1") }, func() { f.do("PUT", "/v1/session/destroy/"+s1, "") }, "[]"},
		{"/v1/session/node/n2", func() { session("n1") }, func() { f.do("PUT", "/v1/session/destroy/"+s2, "") }, "[]"},
		{"/v1/session/list", func() { fire("d") }, func() { session("n2") }, `"n2"`},
		{"/v1/operator/autopilot/configuration", func() { session("n1") },
			func() { f.do("PUT", "/v1/operator/autopilot/configuration", `{"MaxTrailingLogs": 300}`) }, "300"},
		{"/v1/operator/usage", func() { session("n1") },
			func() { f.put("/v1/catalog/register", `{"Node": "n9", "Address": "10.0.0.9"}`) }, `"Nodes":3`},
	} {
		join := "?"
		if strings.Contains(c.path, "?") {
			join = "&"
		}
		first := f.do("GET", c.path, "")
		if first.index() == "" {
			t.Errorf("%s does not wait", c.path)
			continue
		}
		out := f.blocked(t.Context(), c.path+join+"wait=5m&index="+first.index())
		c.near()
		if again := f.do("GET", c.path, ""); again.index() != first.index() || again.body != first.body {
			t.Errorf("%s: index %s, then %s after what is not its own: %s", c.path, first.index(), again.index(), again.body)
		}
		select {
		case r := <-out:
			t.Errorf("%s: woken by something else: %+v", c.path, r)
			continue
		default:
		}
		c.own()
		if r := await(t, c.path, out); r.status != 200 || r.index() == first.index() || !strings.Contains(r.body, c.part) {
			t.Errorf("%s: %d index %s: %s", c.path, r.status, r.index(), r.body)
		}
	}
}
