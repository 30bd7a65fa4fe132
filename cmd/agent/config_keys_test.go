package agent

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// judgedOnly are keys that only say what is so anyway: they are checked and reach nothing.
var judgedOnly = map[string]bool{
	"limits.kv_max_value_size": true, "raft_protocol": true, "encrypt_verify_incoming": true, "encrypt_verify_outgoing": true,
}

// beside are the settings that a key cannot stand without.
func beside(t *testing.T, key string) []byte {
	t.Helper()
	table, setting := "", key
	if i := strings.LastIndexByte(key, '.'); i >= 0 {
		table, setting = key[:i+1], key[i+1:]
	}
	switch setting {
	case "cert_file":
		return fileWith(t, table+"key_file", "k")
	case "key_file":
		return fileWith(t, table+"cert_file", "c")
	case "zone":
		return fileWith(t, table+"region", "r")
	case "https", "verify_incoming", "verify_incoming_rpc", "verify_incoming_https", "verify_outgoing", "verify_server_hostname":
		return []byte(`{"tls": {"defaults": {"ca_file": "a", "cert_file": "c", "key_file": "k"}}}`)
	}
	return nil
}

// samples are values for keys that take more than any text or number.
var samples = map[string]any{
	"node_id": "11111111-2222-3333-4444-555555555555", "bind_addr": "10.0.0.9", "advertise_addr": "10.0.0.9",
	"client_addr": "10.0.0.9", "addresses.http": "10.0.0.9", "addresses.dns": "10.0.0.9", "log_level": "debug",
	"recursors": []string{"10.0.0.9"}, "dns_config.recursor_strategy": "random", "bootstrap_expect": 3,
	"serf_lan": "10.0.0.9", "serf_wan": "10.0.0.9", "advertise_addr_wan": "10.0.0.9", "addresses.https": "10.0.0.9",
	"encrypt": "MDEyMzQ1Njc4OWFiY2RlZg==", "reconnect_timeout": "77h", "reconnect_timeout_wan": "77h",
	"gossip_lan.probe_timeout": "7ms", "gossip_wan.probe_timeout": "7ms", "performance.raft_multiplier": 7, "raft_protocol": 3, "limits.kv_max_value_size": 524288, "encrypt_verify_incoming": true, "encrypt_verify_outgoing": true,
	"tls_min_version": "tls13", "tls.defaults.tls_min_version": "TLSv1_3", "tls.internal_rpc.tls_min_version": "TLSv1_3",
	"tls.https.tls_min_version":   "TLSv1_3",
	"dns_config.reverse_networks": []string{"10.0.0.0/8"}, "dns_config.rate_limit_exempt": []string{"10.0.0.0/8"},
	"dns_config.explain_networks":  []string{"10.0.0.0/8"},
	"dns_config.recursor_networks": []string{"10.0.0.0/8"},
	"guard.when_all_critical":      "all",
	"dns_records":                  []string{"www A 10.0.0.9"},
	"service":                      map[string]any{"name": "a"}, "services": []any{map[string]any{"name": "a"}},
	"external_probes.allow_networks": []string{"10.0.0.0/8"}, "http_config.allow_write_http_from": []string{"10.0.0.0/8"},
	"http_config.block_endpoints": []string{"/v1/kv"}, "http_config.consul_version": "1.21.0", "unix_sockets.mode": "0660",
	"watches": []any{map[string]any{"type": "nodes", "handler_type": "http", "http_handler_config": map[string]any{"path": "http://127.0.0.1:1/"}}},
	"check":   map[string]any{"name": "a", "ttl": "1m"}, "checks": []any{map[string]any{"name": "a", "ttl": "1m"}},
}

// No accepted key may be dead: each must change the Config that comes out.
func TestEveryKeyReachesTheConfig(t *testing.T) {
	seen := 0
	eachKey(reflect.TypeFor[fileKeys](), "", func(key string, kind reflect.Type) {
		seen++
		plain, _ := built(beside(t, key))
		var tried []string
		for _, value := range sampleValues(key, kind) {
			text := fileWith(t, key, value)
			got, problems := built(beside(t, key), text)
			if len(problems) > 0 {
				t.Errorf("%s: %v", text, problems)
			}
			if len(differences(got, plain)) > 0 {
				return
			}
			tried = append(tried, string(text))
		}
		if !judgedOnly[key] {
			t.Errorf("%s changes nothing: tried %v", key, tried)
		}
	})
	if seen < 120 {
		t.Errorf("only %d keys were found", seen)
	}
}

// eachKey calls each for the keys below t that hold a value.
func eachKey(t reflect.Type, prefix string, each func(key string, kind reflect.Type)) {
	for i := range t.NumField() {
		f := t.Field(i)
		switch {
		case f.Anonymous:
			eachKey(f.Type, prefix, each)
		case f.Type.Kind() == reflect.Struct:
			eachKey(f.Type, prefix+f.Tag.Get("key")+".", each)
		default:
			each(prefix+f.Tag.Get("key"), f.Type)
		}
	}
}

func sampleValues(key string, kind reflect.Type) []any {
	if v, ok := samples[key]; ok {
		return []any{v}
	}
	switch kind {
	case reflect.TypeFor[*bool]():
		return []any{true, false}
	case reflect.TypeFor[*string]():
		return []any{"some-text"}
	case reflect.TypeFor[*time.Duration]():
		return []any{"77s"}
	case reflect.TypeFor[[]string]():
		return []any{[]string{"some-text"}}
	case reflect.TypeFor[map[string]string]():
		return []any{map[string]string{"k": "v"}}
	case reflect.TypeFor[map[string]time.Duration]():
		return []any{map[string]string{"k": "1s"}}
	}
	return []any{77}
}

// fileWith writes a config file that sets one key.
func fileWith(t *testing.T, key string, value any) []byte {
	t.Helper()
	table, member, nested := strings.Cut(key, ".")
	if nested {
		var inner any
		if err := json.Unmarshal(fileWith(t, member, value), &inner); err != nil {
			t.Fatal(err)
		}
		key, value = table, inner
	}
	text, err := json.Marshal(map[string]any{key: value})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// The lists of Consul's keys must not name a key that muster has, nor one that no struct leads to.
func TestForeignKeysAreJudgedAsListed(t *testing.T) {
	judge := func(key string, value any) (problems, warning string) {
		b := newBuilder(LoadOptions{})
		b.decode("f", fileWith(t, key, value))
		return b.problems.Join("\n"), b.foreign.warning()
	}
	for list, refused := range map[string]bool{meshKeys: false, tuningKeys: false, missingKeys: true} {
		for _, name := range strings.Fields(list) {
			keys := []string{name}
			if leaf, ok := strings.CutPrefix(name, "SERVICE."); ok {
				keys = []string{"service." + leaf}
			} else if leaf, ok := strings.CutPrefix(name, "CHECK."); ok {
				keys = []string{"check." + leaf, "service.check." + leaf}
			} else if strings.HasPrefix(name, "WATCH.") {
				continue // they stand in lists alone; see TestConfigWatches
			}
			for _, key := range keys {
				problems, warning := judge(key, 1)
				wantProblems, wantWarning := "", "keys of Consul without effect here: "+key
				if refused {
					at := strings.Count(key, ".")*len(`{"":`) + strings.LastIndexByte(key, '.') + 1 - strings.Count(key, ".") + 2
					wantProblems, wantWarning = fmt.Sprintf("f:1:%d: %s: %s", at, key, notInThisVersion), ""
				}
				if problems != wantProblems || warning != wantWarning {
					t.Errorf("%s: problems %q (want %q), warning %q (want %q)", key, problems, wantProblems, warning, wantWarning)
				}
				if problems, warning := judge(key, false); problems+warning != "" {
					t.Errorf("%s: false is not left alone: %q, %q", key, problems, warning)
				}
			}
		}
	}
}

// No config file may make the loader panic, or find a problem in no place.
func FuzzConfig(f *testing.F) {
	for _, seed := range []string{
		"", `{"service":{"name":"a","check":{"ttl":"1m"}},"checks":[{"id":"x","args":["a"]}]}`,
		`{"dns_records":["www A 10.0.0.1","a.service A x","\n\n$X"],"node_name":"n","services":[{"name":"a"}]}`,
		`{"recursors":["x"],"ports":{"dns":1,"http":1},"node_meta":{"a":"b"},"dns_config":{"service_ttl":{"*":"1s"},"reverse_networks":["10.0.0.0/9"]}}`,
		`{"addresses":{"http":"unix:///x ::1"},"client_addr":"0.0.0.0","domain":"x..","alt_domain":"consul"}`,
		`{"encrypt":"e","bind_addr":"{{ x | \"}}","retry_join":["a:b","{{","provider=x"],"tls":{"https":{"cert_file":"c"}},"ports":{"https":1}}`,
		`{"services":[{"name":"a","checks":[{},{"id":"1"},{"id":"1"}],"tagged_addresses":{"lan":{"port":-1}}},{"name":"a"}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		b := newBuilder(LoadOptions{Dev: true})
		b.decode("f", data)
		merge(&b.merged, b.sources[0].keys.settings)
		b.build()
		b.portClashes()
		for _, p := range b.sorted() {
			if p.Message == "" || p.File == "" && p.Key == "" {
				t.Fatalf("problem without a place: %v", p)
			}
			if strings.ContainsAny(p.Error(), "\n\r") {
				t.Fatalf("problem of more than a line: %q", p.Error())
			}
		}
	})
}
