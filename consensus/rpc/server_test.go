package rpc

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"muster/catalog"
)

func encoded(t *testing.T, c catalog.Command) string {
	t.Helper()
	data, err := catalog.Encode(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// What a server says to questions, good and bad.
func TestServerAnswers(t *testing.T) {
	for _, tc := range []struct {
		name, method, path, body, wait string
		leader                         int // index of the node, -1 none
		status                         int
		want                           reply // its Text is a part of the answer's
	}{
		{name: "apply", method: "POST", path: pathApply, body: encoded(t, set("k")), status: 200, want: reply{Index: 1, outcome: outcome{OK: true}}},
		{name: "apply elsewhere", method: "POST", path: pathApply, body: encoded(t, set("k")), leader: 1, status: 200, want: reply{Fate: elsewhere}},
		{name: "apply without a leader", method: "POST", path: pathApply, body: encoded(t, set("k")), leader: -1, status: 200, want: reply{Fate: elsewhere}},
		{name: "no command", method: "POST", path: pathApply, body: "", status: 200, want: reply{outcome: outcome{Code: catalog.Invalid, Text: "too few"}}},
		{name: "command of another version", method: "POST", path: pathApply, body: "\x09\x01{}", status: 200, want: reply{outcome: outcome{Code: catalog.Invalid, Text: "version 9"}}},
		{name: "large command", method: "POST", path: pathApply, body: strings.Repeat("x", maxCommandBytes+1), status: 200, want: reply{outcome: outcome{Code: catalog.TooLarge, Text: "limit"}}},
		{name: "bad wait", method: "POST", path: pathApply, body: encoded(t, set("k")), wait: "soon", status: 200, want: reply{outcome: outcome{Code: catalog.Invalid, Text: "soon"}}},
		{name: "get of apply", method: "GET", path: pathApply, status: 405},
		{name: "index", method: "GET", path: pathIndex + "?mode=consistent", status: 200},
		{name: "index elsewhere", method: "GET", path: pathIndex + "?mode=default", leader: 1, status: 200, want: reply{Fate: elsewhere}},
		{name: "index of no mode", method: "GET", path: pathIndex + "?mode=stale", status: 200, want: reply{outcome: outcome{Code: catalog.Invalid, Text: "mode"}}},
		{name: "peers", method: "GET", path: pathPeers, leader: -1, status: 200, want: reply{Peers: []string{"", ""}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newCluster(t, 2)
			c.lead("")
			if tc.leader >= 0 {
				c.lead(c.nodes[tc.leader].addr)
			}
			req := httptest.NewRequest(tc.method, tc.path, strings.NewReader(tc.body))
			req.Header.Set(waitHeader, tc.wait)
			w := httptest.NewRecorder()
			c.nodes[0].server.ServeHTTP(w, req)
			if w.Code != tc.status {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			if tc.status != 200 {
				return
			}
			got, err := decodeReply(w.Body)
			if err != nil {
				t.Fatal(err)
			}
			if got.Fate != tc.want.Fate || got.Index != tc.want.Index || got.Code != tc.want.Code || got.OK != tc.want.OK ||
				!strings.Contains(got.Text, tc.want.Text) || len(got.Peers) != len(tc.want.Peers) {
				t.Errorf("%+v, want %+v", got, tc.want)
			}
			if got.Fate == elsewhere && got.Leader != c.Leader() {
				t.Errorf("leader %q", got.Leader)
			}
			if tc.want.Index == 0 && len(c.written()) != 0 {
				t.Error("something was written")
			}
		})
	}
}

// A body whose end never comes does not hold up the server's end for long.
func TestServerCloseCutsWhatLingers(t *testing.T) {
	c := newCluster(t, 1)
	body, rest := io.Pipe()
	req, err := http.NewRequestWithContext(context.Background(), "POST", "http://"+c.nodes[0].addr+pathApply, body)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	f := c.agent(nil)
	go func() {
		resp, err := f.links.to("").RoundTrip(req)
		if err == nil {
			resp.Body.Close()
		}
		done <- err
	}()
	if _, err := rest.Write([]byte{1}); err != nil { // returns when it is on its way
		t.Fatal(err)
	}
	eventually(t, "connected", func() bool { return c.nodes[0].ln.accepted() > 0 })
	for range 2 {
		if err := c.nodes[0].server.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := <-done; err == nil {
		t.Error("answered")
	}
}
