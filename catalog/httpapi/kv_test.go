package httpapi

import (
	"net/url"
	"strconv"
	"strings"
	"testing"
)

func TestKeys(t *testing.T) {
	f := newFixture(t, nil)
	for _, step := range []struct {
		method, path, body string
		status             int
		want               string
		index              string
	}{
		{"GET", "/v1/kv/web/key1", "", 404, "", "1"},
		{"GET", "/v1/kv/?keys", "", 200, "[]", "1"},
		{"GET", "/v1/kv/?recurse", "", 404, "", "1"},
		{"PUT", "/v1/kv/web/key1?flags=18446744073709551615", "test", 200, "true", ""},
		{"GET", "/v1/kv/web/key1", "", 200,
			`[{"LockIndex":0,"Key":"web/key1","Flags":18446744073709551615,"Value":"dGVzdA==","CreateIndex":1,"ModifyIndex":1}]`, "1"},
		{"GET", "/v1/kv/web/key1?raw", "", 200, "test", "1"},
		{"PUT", "/v1/kv/web/empty", "", 200, "true", ""},
		{"GET", "/v1/kv/web/empty", "", 200,
			`[{"LockIndex":0,"Key":"web/empty","Flags":0,"Value":null,"CreateIndex":2,"ModifyIndex":2}]`, "2"},
		{"GET", "/v1/kv/web/empty?raw", "", 200, "", "2"},

		{"PUT", "/v1/kv/web/key1?cas=0", "absent only", 200, "false", ""},
		{"PUT", "/v1/kv/web/key1?cas=7", "other", 200, "false", ""},
		{"PUT", "/v1/kv/web/key1?cas=1", "next", 200, "true", ""},
		{"GET", "/v1/kv/web/key1?raw", "", 200, "next", "5"},
		{"PUT", "/v1/kv/web/new?cas=0", "", 200, "true", ""},

		{"PUT", "/v1/kv/web/deep/er", "x", 200, "true", ""},
		{"PUT", "/v1/kv/website", "x", 200, "true", ""},
		{"GET", "/v1/kv/web?keys", "", 200, `["web/deep/er","web/empty","web/key1","web/new","website"]`, "8"},
		{"GET", "/v1/kv/web/?keys&separator=/", "", 200, `["web/deep/","web/empty","web/key1","web/new"]`, "7"},
		{"GET", "/v1/kv/nothing?keys", "", 404, "", "1"},
		{"GET", "/v1/kv/web/deep?recurse", "", 200,
			`[{"LockIndex":0,"Key":"web/deep/er","Flags":0,"Value":"eA==","CreateIndex":7,"ModifyIndex":7}]`, "7"},

		{"DELETE", "/v1/kv/web/key1?cas=1", "", 200, "false", ""},
		{"DELETE", "/v1/kv/web/key1?cas=0", "", 200, "false", ""},
		{"DELETE", "/v1/kv/web/key1?cas=5", "", 200, "true", ""},
		{"GET", "/v1/kv/web/key1", "", 404, "", "11"},
		{"DELETE", "/v1/kv/web/?recurse", "", 200, "true", ""},
		{"GET", "/v1/kv/?keys", "", 200, `["website"]`, "12"},
		{"DELETE", "/v1/kv/?recurse", "", 200, "true", ""},
		{"GET", "/v1/kv?keys", "", 200, "[]", "13"},
		{"DELETE", "/v1/kv/gone?cas=5", "", 200, "true", ""},
	} {
		r := f.do(step.method, step.path, step.body)
		if r.status != step.status || r.body != step.want || r.index() != step.index {
			t.Errorf("%s %s: %d %s index %q; want %d %s index %q",
				step.method, step.path, r.status, r.body, r.index(), step.status, step.want, step.index)
		}
	}
}

// TestKeysOfAnyBytes writes keys that a path-cleaning router would bend.
func TestKeysOfAnyBytes(t *testing.T) {
	f := newFixture(t, nil)
	for escaped, key := range map[string]string{
		"a//b":              "a//b",
		"/lead":             "/lead",
		"trail/":            "trail/",
		"a/../b":            "a/../b",
		"a/%2e%2e/c":        "a/../c",
		"%2e%2e%2fd":        "../d",
		"./e":               "./e",
		"f%2fg":             "f/g",
		"h%00i":             "h\x00i",
		"%ff%fe":            "\xff\xfe",
		"j%3fk%23l%25":      "j?k#l%",
		"m+n%20o":           "m+n o",
		"%E2%82%AC/schl%C3": "€/schl\xc3",
	} {
		status, body := f.raw("PUT /v1/kv/" + escaped + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n1")
		if status != 200 || body != "true" {
			t.Errorf("PUT %s: %d %s", escaped, status, body)
		}
		if p, _ := f.state.Snapshot().Pair(key); p == nil {
			t.Errorf("PUT %s did not write key %q", escaped, key)
		}
		if status, _ := f.raw("GET /v1/kv/" + escaped + "?raw HTTP/1.1\r\nHost: localhost\r\n\r\n"); status != 200 {
			t.Errorf("GET %s: %d", escaped, status)
		}
		f.put("/v1/kv/"+url.PathEscape(key)+"?cas="+strconv.FormatUint(f.state.Applied(), 10), "2")
	}
}

func TestRawIsNoPage(t *testing.T) {
	f := newFixture(t, nil)
	f.put("/v1/kv/page", "<script>alert(1)</script>")
	for path, want := range map[string]string{"/v1/kv/page?raw": "application/octet-stream", "/v1/kv/page": "application/json"} {
		r := f.do("GET", path, "")
		if r.header.Get("Content-Type") != want || r.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", path, r.header)
		}
	}
	if csp := f.do("GET", "/v1/kv/page?raw", "").header.Get("Content-Security-Policy"); csp != "sandbox" {
		t.Errorf("Content-Security-Policy: %q", csp)
	}
}

func TestValueLimit(t *testing.T) {
	f := newFixture(t, nil)
	f.put("/v1/kv/full", strings.Repeat("x", maxBodyBytes))
	before := f.consensus.applied()
	if r := f.do("PUT", "/v1/kv/over", strings.Repeat("x", maxBodyBytes+1)); r.status != 413 {
		t.Errorf("one byte over: %d %s", r.status, r.body)
	}
	// Neither a length that is only announced nor one that is not.
	if status, _ := f.raw("PUT /v1/kv/over HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2147483648\r\n\r\n"); status != 413 {
		t.Errorf("2 GiB announced: %d", status)
	}
	chunked := "80001\r\n" + strings.Repeat("x", 0x80001) + "\r\n0\r\n\r\n"
	if status, _ := f.raw("PUT /v1/kv/over HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked); status != 413 {
		t.Errorf("chunked: %d", status)
	}
	if f.consensus.applied() != before {
		t.Error("a value over the limit reached the log")
	}
}
