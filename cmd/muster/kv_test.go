package main

import (
	"os"
	"path/filepath"
	"testing"
)

const pairA = `{"LockIndex":0,"Key":"web/a","Flags":7,"Value":"dGVzdA==","CreateIndex":12,"ModifyIndex":14}`

func TestKVGet(t *testing.T) {
	one := map[string]string{"GET /v1/kv/web/a": "200 [" + pairA + "]"}
	for _, e := range []example{
		{args: "kv get web/a", answers: one, asks: "GET /v1/kv/web/a", stdout: "test\n"},
		{args: "kv get /web/a", answers: one, asks: "GET /v1/kv/web/a", stdout: "test\n"},
		{args: "kv get -base64 web/a", answers: one, asks: "GET /v1/kv/web/a", stdout: "dGVzdA==\n"},
		{args: "kv get web/a --detailed", answers: one, asks: "GET /v1/kv/web/a", stdout: `
CreateIndex  12
Flags        7
Key          web/a
LockIndex    0
ModifyIndex  14
Value        test
`},
		{args: "kv get -format json web/a", answers: one, asks: "GET /v1/kv/web/a", stdout: `
{
    "LockIndex": 0,
    "Key": "web/a",
    "Flags": 7,
    "Value": "dGVzdA==",
    "CreateIndex": 12,
    "ModifyIndex": 14
}
`},
		{args: "kv get help", answers: map[string]string{"GET /v1/kv/help": "404 "}, asks: "GET /v1/kv/help", code: 1, stderr: `there is no key "help"`},
		{args: "kv get -- -odd", answers: map[string]string{"GET /v1/kv/-odd": "404 "}, asks: "GET /v1/kv/-odd", code: 1, stderr: `there is no key "-odd"`},
		{args: "kv get -stale -datacenter dc2 a", answers: map[string]string{"GET /v1/kv/a?dc=dc2&stale=": "500 No path to datacenter"},
			asks: "GET /v1/kv/a?dc=dc2&stale=", code: 1, stderr: "No path to datacenter"},
	} {
		e.try(t)
	}
}

func TestKVGetMany(t *testing.T) {
	tree := map[string]string{"GET /v1/kv/web/?recurse=": "200 [" + pairA + `,{"Key":"web/b","Value":null}]`}
	for _, e := range []example{
		{args: "kv get -recurse web/", answers: tree, asks: "GET /v1/kv/web/?recurse=", stdout: "web/a:test\nweb/b:\n"},
		{args: "kv get web/ -recurse", answers: tree, asks: "GET /v1/kv/web/?recurse=", stdout: "web/a:test\nweb/b:\n"},
		{args: "kv get -recurse -base64 web/", answers: tree, asks: "GET /v1/kv/web/?recurse=", stdout: "web/a:dGVzdA==\nweb/b:\n"},
		{args: "kv get -recurse -detailed -base64 web/", answers: tree, asks: "GET /v1/kv/web/?recurse=", stdout: `
CreateIndex  12
Flags        7
Key          web/a
LockIndex    0
ModifyIndex  14
Value        dGVzdA==

CreateIndex  0
Flags        0
Key          web/b
LockIndex    0
ModifyIndex  0
` + "Value        \n"},
		{args: "kv get -recurse none", answers: map[string]string{"GET /v1/kv/none?recurse=": "404 "}, asks: "GET /v1/kv/none?recurse="},
		{args: "kv get -recurse -format=json none", answers: map[string]string{"GET /v1/kv/none?recurse=": "404 "}, asks: "GET /v1/kv/none?recurse=", stdout: "[]\n"},
		{args: "kv get -keys", answers: map[string]string{"GET /v1/kv/?keys=&separator=%2F": `200 ["web/"]`}, asks: "GET /v1/kv/?keys=&separator=%2F", stdout: "web/\n"},
		{args: "kv get -keys -separator . a", answers: map[string]string{"GET /v1/kv/a?keys=&separator=.": `200 ["a.","a/b"]`}, asks: "GET /v1/kv/a?keys=&separator=.", stdout: "a.\na/b\n"},
		{args: "kv get -keys -recurse", answers: map[string]string{"GET /v1/kv/?keys=": `200 ["web/a","web/b"]`}, asks: "GET /v1/kv/?keys=", stdout: "web/a\nweb/b\n"},
		{args: "kv list web", answers: map[string]string{"GET /v1/kv/web?keys=": `200 ["web/a","web/b"]`}, asks: "GET /v1/kv/web?keys=", stdout: "web/a\nweb/b\n"},
		{args: "kv list -format json none", answers: map[string]string{"GET /v1/kv/none?keys=": "404 "}, asks: "GET /v1/kv/none?keys=", stdout: "[]\n"},
	} {
		e.try(t)
	}
}

func TestKVPut(t *testing.T) {
	file := filepath.Join(t.TempDir(), "value")
	if err := os.WriteFile(file, []byte("from file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	put := map[string]string{"PUT /v1/kv/a": "200 true"}
	done := "Success! Data written to: a\n"
	for _, e := range []example{
		{args: "kv put a b", answers: put, asks: "PUT /v1/kv/a <- b", stdout: done},
		{args: "kv put a", answers: put, asks: "PUT /v1/kv/a", stdout: done},
		{args: "kv put a -5", answers: put, asks: "PUT /v1/kv/a <- -5", stdout: done},
		{args: "kv put a -cas", answers: put, asks: "PUT /v1/kv/a <- -cas", stdout: done},
		{args: "kv put a -", stdin: "piped\n", answers: put, asks: "PUT /v1/kv/a <- piped\n", stdout: done},
		{args: "kv put a @" + file, answers: put, asks: "PUT /v1/kv/a <- from file\n", stdout: done},
		{args: "kv put a @/none/such", code: 1, stderr: "open /none/such"},
		{args: "kv put -base64 a YmVl", answers: put, asks: "PUT /v1/kv/a <- bee", stdout: done},
		{args: "kv put -base64 a ?", code: 1, stderr: "not base64"},
		{args: "kv put -flags=42 a b", answers: map[string]string{"PUT /v1/kv/a?flags=42": "200 true"}, asks: "PUT /v1/kv/a?flags=42 <- b", stdout: done},
		{args: "kv put -cas a b", answers: map[string]string{"PUT /v1/kv/a?cas=0": "200 true"}, asks: "PUT /v1/kv/a?cas=0 <- b", stdout: done},
		{args: "kv put -cas -modify-index=9 a b", answers: map[string]string{"PUT /v1/kv/a?cas=9": "200 false"}, asks: "PUT /v1/kv/a?cas=9 <- b",
			code: 1, stderr: "did not write to a: CAS failed"},
		{args: "kv put a b", answers: map[string]string{"PUT /v1/kv/a": "503 no leader"}, asks: "PUT /v1/kv/a <- b", code: 1, stderr: "the agent answered 503: no leader"},
	} {
		e.try(t)
	}
}

func TestKVDelete(t *testing.T) {
	for _, e := range []example{
		{args: "kv delete a", answers: map[string]string{"DELETE /v1/kv/a": "200 true"}, asks: "DELETE /v1/kv/a", stdout: "Success! Deleted key: a\n"},
		{args: "kv delete -recurse a/", answers: map[string]string{"DELETE /v1/kv/a/?recurse=": "200 true"}, asks: "DELETE /v1/kv/a/?recurse=",
			stdout: "Success! Deleted keys with prefix: a/\n"},
		{args: "kv delete a -cas -modify-index 3", answers: map[string]string{"DELETE /v1/kv/a?cas=3": "200 false"}, asks: "DELETE /v1/kv/a?cas=3",
			code: 1, stderr: "did not delete a: CAS failed"},
	} {
		e.try(t)
	}
}

func TestKVExportAndImport(t *testing.T) {
	const exported = `
[
	{
		"key": "web/a",
		"flags": 7,
		"value": "dGVzdA=="
	},
	{
		"key": "web/b",
		"flags": 0,
		"value": ""
	}
]
`
	both := map[string]string{"PUT /v1/kv/web/a?flags=7": "200 true", "PUT /v1/kv/web/b": "200 true"}
	for _, e := range []example{
		{args: "kv export web", answers: map[string]string{"GET /v1/kv/web?recurse=": "200 [" + pairA + `,{"Key":"web/b","Value":null}]`},
			asks: "GET /v1/kv/web?recurse=", stdout: exported},
		{args: "kv export", answers: map[string]string{"GET /v1/kv/?recurse=": "404 "}, asks: "GET /v1/kv/?recurse=", stdout: "[]\n"},
		{args: "kv import -", stdin: exported, answers: both, asks: "PUT /v1/kv/web/a?flags=7 <- test\nPUT /v1/kv/web/b", stdout: "Imported: web/a\nImported: web/b\n"},
		{args: "kv import -prefix /old/ -", stdin: `[{"key":"k/","flags":0,"value":"dg=="}]`, answers: map[string]string{"PUT /v1/kv/old/k/": "200 true"},
			asks: "PUT /v1/kv/old/k/ <- v", stdout: "Imported: old/k/\n"},
		{args: "kv import -", stdin: exported, answers: map[string]string{"PUT /v1/kv/web/a?flags=7": "200 true", "PUT /v1/kv/web/b": "503 no leader"},
			asks: "PUT /v1/kv/web/a?flags=7 <- test\nPUT /v1/kv/web/b", stdout: "Imported: web/a\n", code: 1, stderr: "import web/b (1 of 2 keys are written)"},
		{args: "kv import -", stdin: `[{"key":"a","value":"dg=="},{"value":"dg=="}]`, code: 1, stderr: "entry 2 has no key"},
		{args: "kv import -", stdin: `[{"key":"a","value":"?"}]`, code: 1, stderr: "not what kv export prints"},
		{args: "kv import", code: 2, stderr: "the data (JSON, @FILE or -) is missing"},
	} {
		e.try(t)
	}
}
