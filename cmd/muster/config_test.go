package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// files writes config files into a new directory and returns it.
func files(t *testing.T, texts map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range texts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestValidate(t *testing.T) {
	dir := files(t, map[string]string{
		"good.json":  `{"datacenter": "dc1", /* why not */ "service": {"name": "web", "port": 80},}`,
		"bad.json":   "{\n  \"datacentre\": \"dc1\",\n  \"service\": {\"name\": \"we b\", \"port\": 80000}\n}",
		"empty.json": "",
		"mesh.json":  `{"connect": {"enabled": true}}`,
	})
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, e := range []example{
		{args: "validate " + at("good.json") + " " + at("empty.json"), stdout: "Configuration is valid!\n"},
		{args: "validate " + at("good.json") + " -quiet"},
		{args: "validate " + at("bad.json"), code: 1, stderr: at("bad.json") + `:2:3: datacentre: unknown key, did you mean "datacenter"?`},
		{args: "validate -quiet " + at("bad.json"), code: 1, stderr: "Error: the configuration has 3 mistakes\n"},
		{args: "validate " + dir, code: 1, stderr: "port"},
		{args: "validate " + at("mesh.json"), stdout: "Configuration is valid!\n", stderr: "Warning: "},
		{args: "validate " + at("none.json"), code: 1, stderr: "cannot be read"},
		{args: "validate", code: 2, stderr: "PATH is missing"},
		{args: "validate -format json " + at("empty.json"), stdout: "{\n    \"Valid\": true,\n    \"Warnings\": [],\n    \"Problems\": []\n}\n"},
	} {
		e.try(t)
	}
	stdout, _, code := command(t, "", nil, "validate", "-format=json", at("bad.json"))
	if code != 1 || !strings.Contains(stdout, `"Valid": false`) || strings.Count(stdout, `"Message"`) != 3 || !strings.Contains(stdout, `"Line": 2`) {
		t.Errorf("exit code %d: %s", code, stdout)
	}
}

func TestServicesRegisterAndDeregister(t *testing.T) {
	dir := files(t, map[string]string{
		"web.json":  `{"services": [{"name": "web", "id": "w1", "port": 80, "check": {"ttl": "30s"}}, {"name": "db"}]}`,
		"none.json": `{"datacenter": "dc1"}`,
		"bad.json":  `{"service": {"nam": "web"}}`,
	})
	at := func(name string) string { return filepath.Join(dir, name) }
	const gone = "PUT /v1/agent/service/deregister/"
	for _, e := range []example{
		{args: "services deregister -id w/1", answers: map[string]string{gone + "w%2F1": "200 "}, asks: gone + "w%2F1", stdout: "Deregistered service: w/1\n"},
		{args: "services deregister " + at("web.json"), answers: map[string]string{gone + "w1": "200 ", gone + "db": "200 "}, asks: gone + "w1\n" + gone + "db",
			stdout: "Deregistered service: w1\nDeregistered service: db\n"},
		{args: "services deregister " + at("web.json"), answers: map[string]string{gone + "w1": "404 no service with id \"w1\""}, asks: gone + "w1",
			code: 1, stderr: `deregister service "w1" (0 of 2 are gone): the agent answered 404: no service with id "w1"`},
		{args: "services register " + at("none.json"), code: 1, stderr: "no service is defined in"},
		{args: "services register " + at("bad.json"), code: 1, stderr: `bad.json:1:14: service.nam: unknown key, did you mean "name"?`},
	} {
		e.try(t)
	}
	agent := newFakeAgent(t, map[string]string{"PUT /v1/agent/service/register": "200 "})
	for args, want := range map[string][]string{
		"services register -name web -id w1 -port 80 -address 10.0.0.1 -tag a,b -tag c -meta k=v=w": {
			`"ID":"w1","Name":"web","Tags":["a,b","c"],"Address":"10.0.0.1","Port":80,`, `"Meta":{"k":"v=w"}`},
		"services register " + at("web.json"): {`"ID":"w1"`, `"TTL":30000000000`, `"Name":"db"`},
	} {
		agent.asked = nil
		_, stderr, code := command(t, "", map[string]string{"CONSUL_HTTP_ADDR": agent.addr}, words(args)...)
		asked := strings.Join(agent.asked, "\n")
		for _, part := range want {
			if code != 0 || !strings.Contains(asked, part) {
				t.Errorf("%s: exit code %d, stderr %q, asked %s, want %s", args, code, stderr, asked, part)
			}
		}
	}
}
