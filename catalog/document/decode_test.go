package document_test

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"muster/catalog"
	"muster/catalog/document"
)

type colour string

type inner struct {
	Interval time.Duration `key:"interval"`
	Count    int8          `key:"count,how_many"`
}

type base struct {
	Below string `key:"below"`
}

type outer struct {
	base
	Name     string            `key:"node_name"`
	On       *bool             `key:"on"`
	Colour   colour            `key:"colour"`
	Port     uint16            `key:"port"`
	Ratio    float64           `key:"ratio"`
	Tags     []string          `key:"tags"`
	Meta     map[string]string `key:"meta"`
	Inner    inner             `key:"inner"`
	Inners   []inner           `key:"inners"`
	ByName   map[string]inner  `key:"by_name"`
	Opt      *inner            `key:"opt"`
	Free     any               `key:"free"`
	Untagged int
	hidden   int
	Skipped  int `key:"-"`
}

func decode(t *testing.T, text string, opts document.Options) (outer, document.Problems) {
	t.Helper()
	var o outer
	p := document.Decode("f.json", []byte(text), &o, opts)
	_ = o.hidden
	return o, p
}

func TestDecodeValues(t *testing.T) {
	yes := true
	for _, c := range []struct {
		name, text string
		want       outer
	}{
		{"empty", "", outer{}},
		{"blank", " \r\n\t", outer{}},
		{"comments only", "// nothing\n/* here */ // at all", outer{}},
		{"byte order mark", "\ufeff{\"port\":1}", outer{Port: 1}},
		{"comments and trailing commas", "{\n// a\n\"tags\": [\"x\", /* b */ \"y\",],\n}// c", outer{Tags: []string{"x", "y"}}},
		{"brackets in strings and comments", `{"node_name":"}]\"{" /* ]] */}`, outer{Name: `}]"{`}},
		{"case and underscores", `{"NodeName":"n","untagged":3}`, outer{Name: "n", Untagged: 3}},
		{"escapes", `{"node_name":"\u00e9\n"}`, outer{Name: "é\n"}},
		{"scalars", `{"on":true,"colour":"red","port":65535,"ratio":1e3}`, outer{On: &yes, Colour: "red", Port: 65535, Ratio: 1000}},
		{"null is absent", `{"node_name":null,"opt":null,"on":null,"meta":null,"tags":null}`, outer{}},
		{"empty is not absent", `{"tags":[],"meta":{},"opt":{}}`, outer{Tags: []string{}, Meta: map[string]string{}, Opt: &inner{}}},
		{"durations", `{"inner":{"interval":"1m30s"},"inners":[{"interval":1000},{"interval":"-1s"}]}`,
			outer{Inner: inner{Interval: 90 * time.Second}, Inners: []inner{{Interval: time.Microsecond}, {Interval: -time.Second}}}},
		{"embedded", `{"below":"b"}`, outer{base: base{Below: "b"}}},
		{"alias", `{"inner":{"HowMany":-128}}`, outer{Inner: inner{Count: -128}}},
		{"keys of maps stay as they are", `{"meta":{"A_b":"1","a_B":"2","x":null},"by_name":{"":{"count":1}}}`,
			outer{Meta: map[string]string{"A_b": "1", "a_B": "2"}, ByName: map[string]inner{"": {Count: 1}}}},
		{"free", `{"free":{"a":[1,"x",true,null]}}`, outer{Free: map[string]any{"a": []any{1.0, "x", true, nil}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, problems := decode(t, c.text, document.Options{})
			if problems != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v, problems %v; want %+v", got, problems, c.want)
			}
		})
	}
}

func TestDecodeProblems(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"unknown key", "{\n  \"prot\": 1}", `f.json:2:3: prot: unknown key, did you mean "port"?`},
		{"unknown alias", `{"inner":{"howmani":1}}`, `f.json:1:11: inner.howmani: unknown key, did you mean "how_many"?`},
		{"unknown and far", `{"frobnicate":1}`, `f.json:1:2: frobnicate: unknown key`},
		{"unknown and odd", "{\"a\\nb\":1}", `f.json:1:2: "a\nb": unknown key`},
		{"hidden key", `{"hidden":1,"skipped":1}`, "f.json:1:2: hidden: unknown key\nf.json:1:13: skipped: unknown key"},
		{"twice", "{\"port\":1,\n\"PORT\":2}", `f.json:2:1: port: is given twice, first at 1:2`},
		{"twice in a map", `{"meta":{"a":"1","a":"2"}}`, `f.json:1:18: meta.a: is given twice, first at 1:10`},
		{"twice by alias", `{"inner":{"count":1,"how_many":2}}`, `f.json:1:21: inner.count: is given twice, first at 1:11`},
		{"string", `{"node_name":1}`, `f.json:1:14: node_name: wants a string, has a number`},
		{"bool", `{"on":"true"}`, `f.json:1:7: on: wants true or false, has a string`},
		{"number", `{"port":true}`, `f.json:1:9: port: wants a number, has a boolean`},
		{"list", `{"tags":"x"}`, `f.json:1:9: tags: wants a list, has a string`},
		{"object", `{"inner":[]}`, `f.json:1:10: inner: wants an object, has a list`},
		{"map", `{"meta":"x"}`, `f.json:1:9: meta: wants an object, has a string`},
		{"null in a list", `{"tags":["a",null]}`, `f.json:1:14: tags[1]: wants a string, has null`},
		{"top level", `[]`, `f.json:1:1: wants an object, has a list`},
		{"fraction", `{"port":1.5}`, `f.json:1:9: port: wants a whole number, has 1.5`},
		{"negative", `{"port":-1}`, `f.json:1:9: port: -1 is negative`},
		{"range", `{"port":65536,"inner":{"count":128},"ratio":1e999}`,
			"f.json:1:9: port: 65536 is out of range\nf.json:1:32: inner.count: 128 is out of range\nf.json:1:45: ratio: 1e999 is out of range"},
		{"duration", `{"inners":[{},{"interval":"10 s"}]}`, `f.json:1:27: inners[1].interval: "10 s" is not a duration such as "10s" or "1h30m"`},
		{"duration's type", `{"inner":{"interval":false}}`, `f.json:1:22: inner.interval: wants a duration such as "10s", has a boolean`},
		{"duration's fraction", `{"inner":{"interval":1.5}}`, `f.json:1:22: inner.interval: wants a whole number, has 1.5`},
		{"free number", `{"free":[1e999]}`, `f.json:1:10: free[0]: 1e999 is out of range`},
		{"all of them, good parts kept", "{\"a\":1,\n\"port\":\"x\",\n\"tags\":[1,\"k\"]}",
			"f.json:1:2: a: unknown key\nf.json:2:8: port: wants a number, has a string\nf.json:3:9: tags[0]: wants a string, has a number"},
		{"missing comma", "{\"port\": 1\n \"on\": true}", `f.json:2:2: invalid character '"' after object value (expecting ',' or '}')`},
		{"bad literal", `{"on": yes}`, `f.json:1:8: invalid literal: yes`},
		{"open object", "{\n \"inner\": {\n", `f.json:2:11: '{' is not closed`},
		{"open string", "{\"node_name\": \"x\n}", `f.json:1:15: string is not closed on its line`},
		{"open string at the end", "\"x", `f.json:1:1: string is not closed`},
		{"control character", "{\"node_name\": \"x\ty\"}", `f.json:1:17: control character in a string; write it as an escape`},
		{"open comment", "{} /* x", `f.json:1:4: comment is not closed`},
		{"wrong bracket", "{\"tags\": [1}", `f.json:1:12: invalid character '}' after array value (expecting ',' or ']')`},
		{"stray bracket", "]", `f.json:1:1: invalid character ']' at start of value`},
		{"two documents", "{}\n{}", `f.json:2:1: invalid character '{' after top-level value`},
		{"not UTF-8", "{\"node_name\": \"\xff\"}", `f.json:1:16: is not UTF-8 text`},
		{"too deep", strings.Repeat("[", 65), `f.json:1:65: is nested too deep`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, problems := decode(t, c.text, document.Options{})
			if got := problems.Join("\n"); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestGoodPartsAreSetDespiteProblems(t *testing.T) {
	got, problems := decode(t, `{"port":"x","node_name":"n","tags":["a",1]}`, document.Options{})
	if len(problems) != 2 || got.Name != "n" || len(got.Tags) != 2 || got.Tags[0] != "a" {
		t.Errorf("got %+v, %v", got, problems)
	}
}

func TestHostileInputIsGivenUp(t *testing.T) {
	_, problems := decode(t, "["+strings.Repeat("[],", 10)+"]", document.Options{MaxBytes: 20})
	if got := problems.Join("\n"); got != "f.json:1:1: has 32 bytes, the limit is 20" {
		t.Errorf("got %s", got)
	}
	_, problems = decode(t, `{"tags":[`+strings.Repeat("1,", 5000)+"]}", document.Options{})
	if n := len(problems); n != 1001 || !strings.Contains(problems[n-1].Message, "too many") {
		t.Errorf("got %d problems, the last is %v", n, problems[n-1])
	}
	_, problems = decode(t, `{"`+strings.Repeat("k", 1<<20)+`":1}`, document.Options{})
	if n := len(problems.Join("")); len(problems) != 1 || n > 200 {
		t.Errorf("a long key makes a text of %d bytes", n)
	}
}

func TestUnknownKeys(t *testing.T) {
	var asked []string
	opts := document.Options{Known: func(key document.ForeignKey) (string, bool) {
		asked = append(asked, key.Path)
		return map[string]string{"retryjoin": "not in this version"}[key.Path], key.Path == "retryjoin" || key.Text == "inners[1].Connect_All"
	}}
	_, problems := decode(t, `{"retry_join":[{"x":1}],"inners":[{},{"Connect_All":{"x":1}}],"other":1}`, opts)
	if got, want := problems.Join("\n"), "f.json:1:2: retry_join: not in this version\nf.json:1:63: other: unknown key"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got, want := strings.Join(asked, " "), "retryjoin inners.connectall other"; got != want {
		t.Errorf("asked for %s, want %s", got, want)
	}
	if _, problems := decode(t, `{"other":1,"port":2}`, document.Options{AllowUnknown: true}); problems != nil {
		t.Errorf("with AllowUnknown: %v", problems)
	}
}

func TestIdleValues(t *testing.T) {
	for text, want := range map[string]bool{
		`null`: true, `false`: true, `0`: true, `""`: true, `[]`: true, `{}`: true, `{"a":[null,{"b":""}]}`: true,
		`true`: false, `1`: false, `"x"`: false, `[0,1]`: false, `{"a":{"b":true}}`: false,
	} {
		got := !want
		decode(t, `{"foreign":`+text+`}`, document.Options{Known: func(key document.ForeignKey) (string, bool) {
			got = key.Idle
			return "", true
		}})
		if got != want {
			t.Errorf("%s: idle %v", text, got)
		}
	}
}

func TestPositions(t *testing.T) {
	var pos document.Positions
	text := "{ // a service\n  \"Name\": \"api\",\n  \"checks\": [\n    {\"CheckID\": \"a\"},\n    {\"tcp\": \"x:1\",\n     \"Interval\": \"1s\"}\n  ]\n}"
	var def catalog.ServiceDefinition
	if problems := document.Decode("s.json", []byte(text), &def, document.Options{Positions: &pos}); problems != nil {
		t.Fatal(problems)
	}
	for at, want := range map[string][2]int{
		"":                   {1, 1},
		"name":               {2, 11},
		"checks[1].interval": {6, 18},
		"Checks[1].Interval": {6, 18},
		"checks[0].id":       {4, 17},
		"checks[0].check_id": {4, 5}, // only the canonical key is known: the nearest around it
		"checks[0].interval": {4, 5},
		"checks[7]":          {3, 13},
		"weights.passing":    {1, 1},
	} {
		if line, column := pos.At(at); [2]int{line, column} != want {
			t.Errorf("At(%q) = %d:%d, want %v", at, line, column, want)
		}
	}
	if !pos.Has("checks[1].tcp") || pos.Has("checks[0].tcp") {
		t.Error("Has is wrong about checks[].tcp")
	}
	if got, want := pos.Problem("checks[0].interval", "is missing").Error(), "s.json:4:5: checks[0].interval: is missing"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if line, column := new(document.Positions).At("x"); line != 1 || column != 1 {
		t.Errorf("zero Positions: %d:%d", line, column)
	}
}

func TestProblemText(t *testing.T) {
	for _, c := range []struct {
		p    document.Problem
		want string
	}{
		{document.Problem{Message: "m"}, "m"},
		{document.Problem{Key: "k", Message: "m"}, "k: m"},
		{document.Problem{Line: 1, Column: 2, Key: "k", Message: "m"}, "1:2: k: m"},
		{document.Problem{File: "f", Message: "m"}, "f: m"},
	} {
		if got := c.p.Error(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	if document.Problems(nil).Err() != nil {
		t.Error("no problems make an error")
	}
}

// Every key of the definitions must decode, whatever way it is written.
func TestDefinitionsDecode(t *testing.T) {
	text := `{"ID":"a1","Name":"api","Tags":["v1"],"Address":"10.0.0.1","Port":80,
	  "TaggedAddresses":{"lan":{"Address":"10.0.0.1","Port":81}},"Meta":{"k":"v"},"Weights":{"Passing":2,"Warning":1},
	  "EnableTagOverride":true,"DNS":{"TTL":"30s","ALPN":["h2"]},"Check":{"ScriptArgs":["true"],"Interval":"1s","Status":"passing"},
	  "checks":[{"http":"http://x/","header":{"A":["b"]},"interval":1000000000,"deregister_critical_service_after":"90m"}]}`
	ttl := 30 * time.Second
	want := catalog.ServiceDefinition{
		ID: "a1", Name: "api", Tags: []string{"v1"}, Address: "10.0.0.1", Port: 80,
		TaggedAddresses: map[string]catalog.ServiceAddress{"lan": {Address: "10.0.0.1", Port: 81}},
		Meta:            map[string]string{"k": "v"}, Weights: &catalog.Weights{Passing: 2, Warning: 1}, EnableTagOverride: true,
		DNS:   &catalog.InstanceDNS{Priority: catalog.DefaultPriority, TTL: &ttl, ALPN: []string{"h2"}},
		Check: &catalog.CheckDefinition{Args: []string{"true"}, Interval: time.Second, Status: catalog.Passing},
		Checks: []catalog.CheckDefinition{{HTTP: "http://x/", Header: map[string][]string{"A": {"b"}}, Interval: time.Second,
			DeregisterCriticalServiceAfter: 90 * time.Minute}},
	}
	var got catalog.ServiceDefinition
	if problems := document.Decode("", []byte(text), &got, document.Options{}); problems != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nproblems %v", got, problems)
	}
}

func TestPreset(t *testing.T) {
	for text, want := range map[string]*catalog.Weights{
		`{}`:                          nil,
		`{"weights": {}}`:             {Passing: 1, Warning: 1},
		`{"weights": {"warning": 5}}`: {Passing: 1, Warning: 5},
		`{"weights": {"passing": 0, "warning": 0}}`: {},
	} {
		var def catalog.ServiceDefinition
		if p := document.Decode("f", []byte(text), &def, document.Options{}); len(p) > 0 || !reflect.DeepEqual(def.Weights, want) {
			t.Errorf("%s: weights %+v, want %+v (%v)", text, def.Weights, want, p)
		}
	}
}

func TestShapesServeManyDocumentsAtOnce(t *testing.T) {
	type part struct{ Port int }
	type whole struct {
		Name string `key:"name,title"`
		Part part
	}
	var shapes document.Shapes
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			var o whole
			var other struct{ Title []string }
			text := fmt.Appendf(nil, `{"title": "t%d", "part": {"port": %d}}`, i, i)
			if problems := document.Decode("body", text, &o, document.Options{Shapes: &shapes}); len(problems) > 0 || o.Name != fmt.Sprintf("t%d", i) || o.Part.Port != i {
				t.Errorf("%s decodes as %+v, %v", text, o, problems)
			}
			if problems := document.Decode("body", []byte(`{"title": ["x"]}`), &other, document.Options{Shapes: &shapes}); len(problems) > 0 || len(other.Title) != 1 {
				t.Errorf("another type decodes as %+v, %v", other, problems)
			}
		})
	}
	all.Wait()
}
