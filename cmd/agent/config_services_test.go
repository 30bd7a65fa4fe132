package agent

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"muster/catalog"
)

func TestDefinitionsFromFiles(t *testing.T) {
	dir := write(t,
		file{"1.json", `{"service": {"name": "api", "port": 80, "check": {"tcp": "127.0.0.1:80", "interval": "1s"}}, "check": {"name": "disk", "ttl": "1m"}}`},
		file{"2.json", `{"services": [{"id": "api-2", "Name": "api", "checks": [{"CheckID": "up", "http": "http://127.0.0.1/", "interval": "2s"}]}],
			"checks": [{"id": "load", "args": ["true"], "interval": "5s"}], "enable_local_script_checks": true}`},
		file{"3.json", `{"service": {"name": "db"}, "services": []}`},
	)
	opts := onHost("10.0.0.5")
	opts.Dev, opts.Paths = true, []string{dir}
	c, err := Load(opts)
	if err != nil {
		t.Fatal(err)
	}
	services := []catalog.ServiceDefinition{
		{Name: "api", Port: 80, Check: &catalog.CheckDefinition{TCP: "127.0.0.1:80", Interval: time.Second}},
		{ID: "api-2", Name: "api", Checks: []catalog.CheckDefinition{{ID: "up", HTTP: "http://127.0.0.1/", Interval: 2 * time.Second}}},
		{Name: "db"},
	}
	checks := []catalog.CheckDefinition{{Name: "disk", TTL: time.Minute}, {ID: "load", Args: []string{"true"}, Interval: 5 * time.Second}}
	if !reflect.DeepEqual(c.Services, services) || !reflect.DeepEqual(c.Checks, checks) {
		t.Errorf("services %+v\nchecks %+v", c.Services, c.Checks)
	}
}

func TestDefinitionProblems(t *testing.T) {
	for _, c := range []struct {
		name  string
		files []file
		want  []string
	}{
		{"of a service", []file{{"a.json", "{\"service\": {\n  \"name\": \"my api\",\n  \"port\": 70000,\n  \"checks\": [{\"ttl\": \"1m\"}, {\"http\": \"x\",\n  \"interval\": \"1ms\"}]}}"}}, []string{
			`a.json:2:11: service.name: service name "my api": character ' ' cannot stand in a DNS name (use letters, digits, '-' and '_')`,
			`a.json:3:11: service.port: port 70000 is outside 0..65535`,
			`a.json:4:38: service.checks[1].http: "x" is not an http:// or https:// URL with a host`,
			`a.json:5:15: service.checks[1].interval: 1ms is under the least, 100ms`}},
		{"beside a key that is misspelt", []file{{"a.json", `{"service": {"name": "my api", "check": {"htpp": "x", "interval": "1ms"}}}`}}, []string{
			`a.json:1:22: service.name: service name "my api": character ' ' cannot stand in a DNS name (use letters, digits, '-' and '_')`,
			`a.json:1:42: service.check.htpp: unknown key, did you mean "http"?`}},
		{"of a check", []file{{"a.json", `{"checks": [{"ttl": "1m"}, {"name": "c"}]}`}}, []string{
			"a.json:1:13: checks[0].name: a check needs a name or an id",
			"a.json:1:28: checks[1].check: says nothing to probe: set one of http, tcp, udp, grpc, dns, icmp, ttl, args, os_service, file, alias_service, alias_node"}},
		{"kind that is missing is told of once", []file{{"a.json", `{"check": {"name": "c", "shell": "/bin/sh", "interval": "1s"}}`}}, []string{
			"a.json:1:25: check.shell: is not supported by this version"}},
		{"same service id in two files", []file{{"a.json", `{"service": {"name": "api", "check": {"ttl": "1m"}}}`}, {"b.json", "{\"services\": [{\"name\": \"x\"},\n{\"name\": \"y\", \"id\": \"api\", \"check\": {\"ttl\": \"1m\"}}]}"}}, []string{
			`b.json:2:21: services[1].id: service id "api" is already used at a.json:1:22`}},
		{"same service id, one of them broken", []file{{"a.json", `{"service": {"name": "api", "port": "x"}, "services": [{"id": "api", "name": "b"}]}`}}, []string{
			`a.json:1:37: service.port: wants a number, has a string`,
			`a.json:1:63: services[0].id: service id "api" is already used at a.json:1:22`}},
		{"same check id", []file{{"a.json", `{"check": {"id": "up", "ttl": "1m"}, "services": [{"name": "api", "check": {"ttl": "1m"}},
			{"name": "b", "checks": [{"id": "up", "ttl": "1m"}, {"id": "service:api", "ttl": "1m"}]}], "checks": [{"name": "up", "ttl": "1m"}]}`}}, []string{
			`a.json:1:18: check.id: check id "up" is already used at a.json:2:36`,
			`a.json:2:63: services[1].checks[1].id: check id "service:api" is already used at a.json:1:76`,
			`a.json:2:115: checks[0].name: check id "up" is already used at a.json:2:36`}},
		{"same check id within a service is told of once", []file{{"a.json", `{"service": {"name": "api", "check": {"ttl": "1m"}, "checks": [{"id": "x", "ttl": "1m"}, {"id": "x", "ttl": "1m"}]}}`}}, []string{
			`a.json:1:97: service.checks[1].id: check id "x" is already used by checks[0]`}},
		{"scripts that are off", []file{{"a.json", `{"service": {"name": "api", "check": {"args": ["true"], "interval": "1s"}}, "check": {"name": "c", "script_args": ["true"], "interval": "1s"}}`}}, []string{
			`a.json:1:47: service.check.args: script checks are off; set enable_local_script_checks to true to run them`,
			`a.json:1:115: check.args: script checks are off; set enable_local_script_checks to true to run them`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := write(t, c.files...)
			_, problems := Validate([]string{dir})
			if got := lines(dir, problems.Join("\n")); !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// What Validate passes may still lack what flags give or the machine has.
func TestValidateAsksForNoFlags(t *testing.T) {
	dir := write(t, file{"a.json", `{"service": {"name": "api", "connect": {"native": true}}, "ui_dir": "/does/not/exist"}`})
	warnings, problems := Validate([]string{dir})
	if problems != nil || !slices.Equal(warnings, []string{"keys of Consul without effect here: service.connect"}) {
		t.Errorf("problems %v, warnings %q", problems, warnings)
	}
}

func TestTheExampleIsValid(t *testing.T) {
	if warnings, problems := Validate([]string{"../../contrib/example"}); problems != nil || warnings != nil {
		t.Errorf("problems %v, warnings %v", problems, warnings)
	}
}
