package httpapi

import (
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// badRequest is a row of badRequests.
type badRequest struct {
	method, path, body string
	status             int
	line               string
}

func (b badRequest) String() string { return fmt.Sprintf("%s %s < %.60s", b.method, b.path, b.body) }

// readBadRequests reads the table.
func readBadRequests(t *testing.T) []badRequest {
	t.Helper()
	var out []badRequest
	for text := range strings.Lines(badRequests) {
		if text = strings.TrimSuffix(text, "\n"); text == "" {
			continue
		}
		request, answer, ok := strings.Cut(text, " =>")
		head, body, _ := strings.Cut(request, " < ")
		method, path, ok2 := strings.Cut(head, " ")
		status, line, _ := strings.Cut(strings.TrimSpace(answer), " ")
		b := badRequest{method: method, path: path, body: body, line: line}
		if status == "nothing" {
			b.status = http.StatusOK
		} else if code, err := strconv.Atoi(status); err == nil && code >= 400 && ok && ok2 {
			b.status = code
		} else {
			t.Fatalf("not a row: %s", text)
		}
		out = append(out, b)
	}
	return out
}

// unharmed runs requests that must be refused and sees that none left anything behind:
// no command for the log, no word to the agent, no goroutine.
func unharmed(t *testing.T, f *fixture, o *fakeOperator, requests func()) {
	t.Helper()
	f.client.CloseIdleConnections()
	before, goroutines := f.consensus.applied(), runtime.NumGoroutine()
	requests()
	f.client.CloseIdleConnections()
	if got := f.consensus.applied(); got != before {
		t.Errorf("%d bad requests reached the log", got-before)
	}
	if told := o.lastTold(); told != "" {
		t.Errorf("the agent was told %q", told)
	}
	eventually(t, "end of all goroutines", func() bool { return runtime.NumGoroutine() <= goroutines })
}

// TestEveryRouteRefuses tries the rows of badRequests, of which each method of each route must have one.
func TestEveryRouteRefuses(t *testing.T) {
	f, o := newWholeFixture(t)
	rows := readBadRequests(t)
	tried := map[string]bool{}
	unharmed(t, f, o, func() {
		for _, b := range rows {
			path, _, _ := strings.Cut(b.path, "?")
			if rt := f.routes.match(strings.TrimPrefix(path, "/"), true, map[string]string{}); rt != nil {
				tried[b.method+" "+rt.template] = true
			}
			r := f.do(b.method, b.path, b.body)
			if r.status != b.status || b.line != "" && strings.ReplaceAll(r.body, "`", "'") != b.line {
				t.Errorf("%v\n got %d %s\nwant %d %s", b, r.status, r.body, b.status, b.line)
			}
			if b.status >= 400 && (strings.ContainsAny(r.body, "\r\n") || r.header.Get("Content-Type") != plainText) {
				t.Errorf("%v: not a line of plain text: %q, %q", b, r.body, r.header.Get("Content-Type"))
			}
		}
	})
	for _, rt := range f.table() {
		for method := range rt.methods {
			if !tried[method+" "+rt.template] {
				t.Errorf("badRequests has no row for %s %s", method, rt.template)
			}
		}
	}
}

// concrete is a path of a route.
func (rt *route) concrete() string {
	segments := strings.Split(rt.template, "/")
	for i, s := range segments {
		if strings.HasPrefix(s, "{") {
			segments[i] = "x"
		}
	}
	return strings.Join(segments, "/")
}

// TestAllRoutesRefuse: what no route takes.
func TestAllRoutesRefuse(t *testing.T) {
	f, o := newWholeFixture(t)
	unharmed(t, f, o, func() {
		for _, rt := range f.table() {
			path := rt.concrete()
			for _, method := range []string{"GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"} {
				if rt.methods[method] == nil {
					if r := f.do(method, path, ""); r.status != 405 || r.header.Get("Allow") != rt.allow() {
						t.Errorf("%s %s: %d, Allow %q", method, path, r.status, r.header.Get("Allow"))
					}
					continue
				}
				if r := f.do(method, path+"?a;b", ""); r.status != 400 || r.body != "the query string is malformed" {
					t.Errorf("%s %s?a;b: %d %s", method, path, r.status, r.body)
				}
				size := int64(2 << 30)
				if rt.streams {
					size = maxSnapshotBytes + 1
				}
				if rt.streams && method == "GET" {
					continue // whose body nobody reads
				}
				status, line := f.raw(fmt.Sprintf("%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n{", method, path, size))
				if status != 413 || strings.ContainsAny(line, "\r\n") {
					t.Errorf("%s %s with %d bytes announced: %d %s", method, path, size, status, line)
				}
			}
		}
	})
}

// TestPathTricks: no other way of writing a path reaches a route.
func TestPathTricks(t *testing.T) {
	f, o := newWholeFixture(t)
	unharmed(t, f, o, func() {
		for _, rt := range f.table() {
			path, ok := strings.CutPrefix(rt.concrete(), "/v1/")
			if !ok {
				continue
			}
			for method := range rt.methods {
				for _, trick := range []string{
					"//v1/" + path, "/v1//" + path, "/%2e%2e/v1/" + path, "/v1/%2e%2e/v1/" + path, "/v1/./" + path,
					"/v1%2f" + path, "/v1%00/" + path, "/v1/" + path + "/../../x%00",
				} {
					if strings.HasSuffix(trick, "%00") && slices.Contains([]string{"/v1/kv/{key}", "/v1/acl/{path}", "/v1/agent/token/{kind}"}, rt.template) {
						continue // keys are bytes, of which this is some; whatever is asked of ACLs, there are none
					}
					if r := f.do(method, trick, ""); r.status != 404 && r.status != 400 && r.status != 405 || strings.ContainsAny(r.body, "\r\n") {
						t.Errorf("%s %s: %d %s", method, trick, r.status, r.body)
					}
				}
			}
		}
	})
}

// TestDeepJSON: whatever decodes JSON refuses to follow it to the bottom.
func TestDeepJSON(t *testing.T) {
	f, o := newWholeFixture(t)
	const into = "body:1:" // begins the line of a row whose body is JSON
	var decoding []badRequest
	for _, b := range readBadRequests(t) {
		same := func(d badRequest) bool { return d.method == b.method && d.path == b.path }
		if strings.HasPrefix(b.line, into) && !slices.ContainsFunc(decoding, same) {
			decoding = append(decoding, b)
		}
	}
	if len(decoding) < 12 {
		t.Fatalf("only %d routes decode JSON", len(decoding))
	}
	unharmed(t, f, o, func() {
		for _, b := range decoding {
			for _, unit := range []string{`{"Node":`, `[`, `{"a":[`} {
				if r := f.do(b.method, b.path, strings.Repeat(unit, maxJSONBytes/len(unit))); r.status != 400 || len(r.body) > 1000 || strings.ContainsAny(r.body, "\r\n") {
					t.Errorf("%v, %s repeated: %d %.300s", b, unit, r.status, r.body)
				}
			}
		}
	})
}
