package agent

import (
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestFilesMergeInOrder(t *testing.T) {
	dir := write(t,
		file{"conf/20.json", `{"node_name": "twenty", "recursors": ["10.0.0.3"], "node_meta": {"b": "20"}, "dns_config": {"only_passing": true}, "services": [{"name": "b"}]}`},
		file{"conf/10.json", `{"node_name": "ten", "recursors": ["10.0.0.2"], "node_meta": {"a": "10", "b": "10"}, "ports": {"dns": 53}, "service": {"name": "a"}}`},
		file{"conf/empty.json", ""},
		file{"conf/notes.txt", "not a config file"},
		file{"conf/old.hcl", "node_name = 1"},
		file{"conf/below/30.json", `{"node_name": "thirty"}`},
		file{"conf/dir.json/x", ""},
		file{"last.conf", `{"ports": {"http": 80}, "checks": [{"name": "c", "ttl": "1m"}]}`},
	)
	opts := onHost("10.0.0.5")
	opts.Dev = true
	opts.Paths = []string{filepath.Join(dir, "conf"), filepath.Join(dir, "last.conf")}
	opts.Overrides = Overrides{Recursors: []string{"10.0.0.4"}, NodeMeta: map[string]string{"a": "flag"}, HTTPPort: ptr(8080)}
	c, err := Load(opts)
	if err != nil {
		t.Fatal(err)
	}
	got := []any{c.NodeName, c.DNS.Recursors, c.NodeMeta, c.Ports.DNS, c.Ports.HTTP, c.DNS.OnlyPassing, len(c.Services), len(c.Checks)}
	want := []any{"twenty", []string{"10.0.0.2", "10.0.0.3", "10.0.0.4"}, map[string]string{"a": "flag", "b": "20"}, 53, 8080, true, 2, 1}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if w := filepath.Join(dir, "conf/old.hcl") + ": not read, only *.json files are"; !slices.Equal(c.Warnings, []string{w}) {
		t.Errorf("warnings %q", c.Warnings)
	}
}

// An empty list says "none" where the default is some.
func TestEmptyListReplacesDefault(t *testing.T) {
	opts := onHost("10.0.0.5")
	opts.Dev, opts.Paths = true, []string{write(t, file{"a.json", `{"dns_config": {"explain_networks": []}}`})}
	c, err := Load(opts)
	if err != nil || c.DNS.ExplainNetworks == nil || len(c.DNS.ExplainNetworks) != 0 || len(c.DNS.RecursorNetworks) == 0 {
		t.Errorf("explain %v, recursor %v, error %v", c.DNS.ExplainNetworks, c.DNS.RecursorNetworks, err)
	}
}

// A problem of merged settings is told where the value that won stands.
func TestProblemsStandWhereTheValueCameFrom(t *testing.T) {
	dir := write(t,
		file{"1.json", `{"bind_addr": "x", "recursors": ["10.0.0.2", "a"], "ports": {"dns": 99999}}`},
		file{"2.json", "{\"bind_addr\": \"y\",\n \"recursors\": [\"b\"]}"},
	)
	opts := onHost("10.0.0.5")
	opts.Dev, opts.Paths = true, []string{dir, filepath.Join(dir, "3.json")}
	opts.Overrides = Overrides{Recursors: []string{"c"}, DNSPort: ptr(-5), NodeMeta: map[string]string{"k": strings.Repeat("v", 513)}}
	_, err := Load(opts)
	if err == nil {
		t.Fatal("no error")
	}
	want := []string{
		`1.json:1:46: recursors[1]: "a" is neither ip nor ip:port`,
		`2.json:1:15: bind_addr: "y" is not an IP address`,
		`2.json:2:16: recursors[0]: "b" is neither ip nor ip:port`,
		`3.json: cannot be read: no such file or directory`,
		`-node-meta k: has 513 bytes, the limit is 512`,
		`-dns-port: port -5 is outside -1..65535`,
		`-recursor: "c" is neither ip nor ip:port`,
	}
	if got := lines(dir, err.Error()); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestUnreadablePaths(t *testing.T) {
	dir := write(t, file{"big.json", strings.Repeat(" ", maxConfigBytes+1)})
	if err := os.Symlink("nowhere", filepath.Join(dir, "link.json")); err != nil {
		t.Fatal(err)
	}
	_, problems := Validate([]string{dir, "/does/not/exist"})
	want := []string{"big.json:1:1: has 16777217 bytes, the limit is 16777216", "link.json: cannot be read: no such file or directory",
		"/does/not/exist: cannot be read: no such file or directory"}
	if got := lines(dir, problems.Join("\n")); !slices.Equal(got, want) {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}

func TestUIDirectory(t *testing.T) {
	dir := write(t, file{"index.html", "hello"})
	for _, c := range []struct {
		text  string
		flags Overrides
		ui    bool
		dir   string
		warns int
	}{
		{"", Overrides{}, false, "", 0},
		{`{"ui_config": {"enabled": true}}`, Overrides{}, true, "", 0},
		{`{"ui_config": {"enabled": true}, "ui": false}`, Overrides{}, false, "", 0},
		{`{"ui_dir": "DIR"}`, Overrides{}, true, dir, 0},
		{`{"ui_config": {"dir": "DIR"}}`, Overrides{}, true, dir, 0},
		{`{"ui_config": {"dir": "/not/this"}}`, Overrides{UIDir: &dir}, true, dir, 0},
		{`{"ui_dir": "DIR"}`, Overrides{UI: ptr(false)}, false, dir, 1},
	} {
		opts := onHost("10.0.0.5")
		opts.Paths = []string{write(t, file{"a.json", strings.ReplaceAll(c.text, "DIR", dir)})}
		opts.Overrides = c.flags
		opts.Overrides.Server, opts.Overrides.Bootstrap, opts.Overrides.DataDir = ptr(true), ptr(true), ptr("d")
		cfg, err := Load(opts)
		if err != nil || cfg.UI != c.ui || cfg.UIDir != c.dir || len(cfg.Warnings) != c.warns {
			t.Errorf("%s: ui %v, dir %q, warnings %q, error %v", c.text, cfg.UI, cfg.UIDir, cfg.Warnings, err)
		}
	}
}

// Every flag must do what its config key does.
func TestOverridesDoWhatTheirKeysDo(t *testing.T) {
	values := map[string]string{
		"retry_join": `["a.example"]`, "retry_interval": `"7s"`, "retry_max": `5`, "start_join": `["10.0.0.1:8301"]`,
		"retry_join_wan": `["a.example"]`, "retry_interval_wan": `"7s"`, "retry_max_wan": `5`, "start_join_wan": `["b"]`,
		"rejoin_after_leave": `true`, "encrypt": `"MDEyMzQ1Njc4OWFiY2RlZg=="`, "disable_keyring_file": `true`, "raft_protocol": `3`,
		"serf_lan": `"10.0.0.6"`, "serf_wan": `"10.0.0.5"`, "advertise_addr_wan": `"10.0.0.4"`,
		"ports.https": `4`, "ports.serf_lan": `5`, "ports.serf_wan": `6`, "enable_script_checks": `true`, "enable_local_script_checks": `true`,
		"server": `true`, "bootstrap": `true`, "bootstrap_expect": `3`, "data_dir": `"d"`, "node_name": `"n"`,
		"node_id": `"11111111-2222-3333-4444-555555555555"`, "node_meta": `{"k": "v"}`, "bind_addr": `"10.0.0.9"`,
		"advertise_addr": `"10.0.0.8"`, "client_addr": `"10.0.0.7"`, "datacenter": `"dc9"`, "domain": `"d.example"`,
		"alt_domain": `"alt"`, "recursors": `["10.0.0.1"]`, "ports.http": `1`, "ports.dns": `2`, "ports.server": `3`,
		"http_config.allow_write_http_from": `["10.0.0.0/8"]`, "log_level": `"debug"`, "log_json": `true`, "pid_file": `"p"`, "ui": `true`, "ui_dir": `"u"`,
	}
	all := reflect.TypeFor[Overrides]()
	for i := range all.NumField() {
		field := all.Field(i)
		key, value := field.Tag.Get("key"), values[field.Tag.Get("key")]
		if value == "" || field.Tag.Get("flag") == "" {
			t.Errorf("%s has no flag, or this test no value for its key %q", field.Name, key)
			continue
		}
		text := `{"` + key + `": ` + value + `}`
		if table, member, nested := strings.Cut(key, "."); nested {
			text = `{"` + table + `": {"` + member + `": ` + value + `}}`
		}
		fromFile, problems := built(beside(t, key), []byte(text))

		var o Overrides
		setSample(reflect.ValueOf(&o).Elem().Field(i), value)
		opts := LoadOptions{Overrides: o, Paths: []string{write(t, file{"beside.json", string(beside(t, key))})}}
		fromFlag := newBuilder(opts)
		fromFlag.build()
		for _, d := range differences(fromFlag.cfg, fromFile) {
			t.Errorf("-%s: %s", field.Tag.Get("flag"), d)
		}
		plain, _ := built(beside(t, key))
		idle := !judgedOnly[key] && len(differences(fromFlag.cfg, plain)) == 0
		if idle || problems != nil || fromFlag.problems != nil {
			t.Errorf("-%s does nothing, or fails: %v, %v", field.Tag.Get("flag"), problems, fromFlag.problems)
		}
	}
}

// unchanged is what comes of no files and no flags.
func unchanged() Config {
	b := newBuilder(LoadOptions{})
	b.build()
	return b.cfg
}

// setSample gives a field of Overrides the value that JSON text stands for.
func setSample(to reflect.Value, text string) {
	switch field := to.Addr().Interface().(type) {
	case **bool:
		*field = ptr(text == "true")
	case **int:
		*field = ptr(int(text[0] - '0'))
	case **time.Duration:
		*field = ptr(time.Duration(text[1]-'0') * time.Second)
	case **string:
		*field = ptr(strings.Trim(text, `"`))
	case *[]string:
		*field = []string{strings.Trim(text, `[]"`)}
	case *map[string]string:
		*field = map[string]string{"k": "v"}
	}
}

func TestDefaults(t *testing.T) {
	c := DevConfig()
	if !c.DevMode || !c.Server || !c.UI || c.CheckUpdateInterval != 5*time.Minute || c.BindAddr != netip.MustParseAddr("127.0.0.1") {
		t.Errorf("dev: %+v", c)
	}
	c.ClientAddrs[0] = netip.MustParseAddr("10.0.0.1")
	if d := DefaultConfig(); d.ClientAddrs[0] != netip.MustParseAddr("127.0.0.1") || d.Server || d.DevMode || d.UI {
		t.Errorf("default: %+v", d)
	}
}
