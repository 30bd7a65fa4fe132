package agent

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/tailscale/hujson"

	"muster/catalog"
)

const schemaFile = "../../contrib/schema/muster.schema.json"

var writeSchema = flag.Bool("write-schema", false, "write "+schemaFile+" anew")

type object = map[string]any

// schemaMaker writes the schema of what config files may hold from the structs that they are decoded into.
type schemaMaker struct {
	rows map[string]docRow // of the page, by key
	defs object
}

// choices are the keys that take some texts only. TestSchemaChoices holds them against the agent.
var choices = map[string][]string{
	"log_level":                       {"trace", "debug", "info", "warn", "error", "TRACE", "DEBUG", "INFO", "WARN", "ERROR"},
	"dns_config.recursor_strategy":    {"sequential", "random"},
	"guard.when_all_critical":         {"none", "all", "last_passing"},
	"service.guard.when_all_critical": {"none", "all", "last_passing"},
	"check.status":                    {"", "passing", "warning", "critical"},
}

// value is the schema of a value; null stands for its absence everywhere.
func (m *schemaMaker) value(t reflect.Type, at string) object {
	named := func(name string) object {
		if m.defs[name] == nil {
			m.defs[name] = object{} // before its members, which may need it
			m.defs[name] = m.structure(t, name+".")
		}
		return object{"anyOf": []any{object{"$ref": "#/$defs/" + name}, object{"type": "null"}}}
	}
	switch {
	case t.Kind() == reflect.Pointer:
		return m.value(t.Elem(), at)
	case t == reflect.TypeFor[time.Duration]():
		return object{"type": []string{"string", "integer", "null"}, "pattern": durationPattern}
	case t == reflect.TypeFor[catalog.ServiceDefinition]():
		return named("service")
	case t == reflect.TypeFor[catalog.CheckDefinition]():
		return named("check")
	case t == reflect.TypeFor[watchDefinition]():
		return named("watch")
	}
	switch t.Kind() {
	case reflect.Bool:
		return object{"type": []string{"boolean", "null"}}
	case reflect.String:
		if c := choices[at]; c != nil {
			var all []any
			for _, text := range c {
				all = append(all, text)
			}
			return object{"enum": append(all, nil)}
		}
		return object{"type": []string{"string", "null"}}
	case reflect.Slice:
		return object{"type": []string{"array", "null"}, "items": m.value(t.Elem(), at)}
	case reflect.Map:
		return object{"type": []string{"object", "null"}, "additionalProperties": m.value(t.Elem(), at+".NAME")}
	case reflect.Struct:
		return m.structure(t, at+".")
	case reflect.Interface: // judged by the agent alone
		return object{}
	case reflect.Uint, reflect.Uint32, reflect.Uint64:
		return object{"type": []string{"integer", "null"}, "minimum": 0}
	}
	return object{"type": []string{"integer", "null"}}
}

const durationPattern = `^[-+]?(0|([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+$`

// structure is the schema of an object whose keys are those of a struct; prefix is what they have before them on the page.
func (m *schemaMaker) structure(t reflect.Type, prefix string) object {
	properties := object{}
	m.members(t, prefix, properties)
	return object{"type": []string{"object", "null"}, "properties": properties, "additionalProperties": false}
}

func (m *schemaMaker) members(t reflect.Type, prefix string, to object) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			m.members(f.Type, prefix, to)
			continue
		}
		names := f.Tag.Get("key")
		if names == "" {
			names = strings.ToLower(f.Name) // single words, in the structs without tags
		}
		first, _, _ := strings.Cut(names, ",")
		for name := range strings.SplitSeq(names, ",") {
			s := m.value(f.Type, prefix+first)
			if row := m.rows[prefix+name]; row != nil {
				s["description"] = strings.ReplaceAll(row["meaning"], "`", "")
			}
			to[name] = s
		}
	}
}

var kindsOfForeign = []struct {
	keys   string
	schema object
}{
	{meshKeys + " " + tuningKeys, object{"description": "Consul's; without effect here", "deprecated": true}},
	{missingKeys, object{"description": "Consul's; not supported by this version", "enum": []any{nil, false, 0, "", []any{}, object{}}, "deprecated": true}},
}

// foreign adds Consul's keys that muster knows of.
func (m *schemaMaker) foreign(root object) {
	for _, kind := range kindsOfForeign {
		for _, name := range strings.Fields(kind.keys) {
			at := root
			parts := strings.Split(name, ".")
			switch parts[0] {
			case "SERVICE", "CHECK", "WATCH":
				at, parts = m.defs[strings.ToLower(parts[0])].(object), parts[1:]
			}
			for _, p := range parts[:len(parts)-1] {
				at = at["properties"].(object)[p].(object)
			}
			at["properties"].(object)[parts[len(parts)-1]] = kind.schema
		}
	}
}

func makeSchema(t *testing.T) []byte {
	t.Helper()
	m := &schemaMaker{rows: docKeys(t), defs: object{}}
	root := m.structure(reflect.TypeFor[fileKeys](), "")
	root["type"] = "object"
	m.foreign(root)
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "configuration of a muster agent"
	root["description"] = "Keys as contrib/docs/configuration.md lists them. The agent reads comments and trailing commas too, and keys without regard to case and underscores."
	root["$defs"] = m.defs
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(root); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestSchemaIsThatOfTheStructs(t *testing.T) {
	want := makeSchema(t)
	if *writeSchema {
		if err := os.WriteFile(schemaFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(schemaFile)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not what the structs and the page say (%v): go test -run Schema ./cmd/agent -write-schema", schemaFile, err)
	}
}

// judge returns what the schema finds wrong with a config file.
func judge(t *testing.T) func(text []byte) error {
	t.Helper()
	f, err := os.Open(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("muster.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("muster.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return func(text []byte) error {
		plain, err := hujson.Standardize(slices.Clone(text))
		if err != nil {
			return err
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(plain))
		if err != nil {
			return err
		}
		return schema.Validate(value)
	}
}

var jsonBlock = regexp.MustCompile("(?s)```json\n(.*?)```")

// TestSchemaTakesExamples: what the docs and packages show is what an editor that knows the schema accepts.
func TestSchemaTakesExamples(t *testing.T) {
	fault, tried := judge(t), 0
	try := func(name string, text []byte) {
		tried++
		if err := fault(text); err != nil {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
	files, _ := filepath.Glob("../../contrib/example/*.json")
	for _, file := range append(files, "../../contrib/package/muster.json") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		try(file, text)
	}
	for _, page := range []string{"README.md", "contrib/docs/cluster.md", "contrib/docs/configuration.md", "contrib/docs/dns.md", "contrib/docs/guards.md", "contrib/docs/security.md"} {
		text, err := os.ReadFile("../../" + page)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range jsonBlock.FindAllSubmatch(text, -1) {
			try(page, block[1])
		}
	}
	if tried < 10 {
		t.Errorf("only %d examples were found", tried)
	}
}

// TestSchemaAgreesWithTheAgent: every key takes the values that the agent takes, and not those of another type.
func TestSchemaAgreesWithTheAgent(t *testing.T) {
	fault := judge(t)
	eachKey(reflect.TypeFor[fileKeys](), "", func(key string, kind reflect.Type) {
		for _, value := range append(sampleValues(key, kind), nil) {
			if text := fileWith(t, key, value); fault(text) != nil {
				t.Errorf("%s: %v", text, fault(text))
			}
		}
		wrong := fileWith(t, key, []any{[]any{1}})
		if fault(wrong) == nil {
			t.Errorf("%s is taken", wrong)
		}
	})
	for text, right := range map[string]bool{
		`{"node_nam": "a"}`: false, `{"service": {"name": "a", "chekc": {}}}`: false, `{"services": [{"name": "a", "port": "80"}]}`: false,
		`{"check": {"id": "a", "ttl": "10"}}`: false, `{"check": {"id": "a", "ttl": "1h30m"}}`: true, `{"check": {"check_id": "a", "script_args": ["x"]}}`: true,
		`{"connect": {"enabled": true}, "service": {"name": "a", "connect": {}}}`: true, `{"acl": {"enabled": true}}`: false, `{"acl": {"enabled": false}}`: true,
	} {
		b := newBuilder(LoadOptions{})
		b.decode("f", []byte(text))
		if err := fault([]byte(text)); (err == nil) != right || (len(b.problems) == 0) != right {
			t.Errorf("%s: the schema says %v, the agent %v", text, err, b.problems)
		}
	}
}

// TestSchemaChoices: the agent takes each text that the schema lists, and no other.
func TestSchemaChoices(t *testing.T) {
	for key, texts := range choices {
		table, member, _ := strings.Cut(key, ".")
		wrap := func(value string) []byte {
			switch {
			case table == "check":
				return fileWith(t, "check", map[string]any{"name": "a", "ttl": "1m", member: value})
			case strings.HasPrefix(key, "service.guard."):
				return fileWith(t, "service", map[string]any{"name": "a", "guard": map[string]any{"when_all_critical": value}})
			}
			return fileWith(t, key, value)
		}
		for _, value := range texts {
			if _, problems := built(wrap(value)); len(problems) > 0 {
				t.Errorf("%s: %q is refused: %v", key, value, problems)
			}
		}
		if _, problems := built(wrap("nonsense")); len(problems) == 0 {
			t.Errorf("%s takes any text", key)
		}
	}
}
