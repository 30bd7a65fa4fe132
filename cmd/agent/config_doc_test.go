package agent

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"muster/catalog"
	"muster/catalog/document"
)

const docPage = "../../contrib/docs/configuration.md"

// docRow is a row of one of the page's tables: its cells by what stands at the head of their column.
type docRow map[string]string

// docRows returns the rows of the tables that have a column of this name.
func docRows(t *testing.T, column string) []docRow {
	t.Helper()
	page, err := os.ReadFile(docPage)
	if err != nil {
		t.Fatal(err)
	}
	var rows []docRow
	var head []string // of the table around; nil: outside of tables
	for line := range strings.Lines(string(page)) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			head = nil
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case head == nil:
			head = cells
			continue
		case len(cells) != len(head):
			t.Fatalf("%d cells under %d heads: %s", len(cells), len(head), line)
		case strings.HasPrefix(line, "|---") || !slices.Contains(head, column):
			continue
		}
		row := docRow{}
		for i, cell := range cells {
			row[head[i]] = cell
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		t.Fatalf("no table has a column %q", column)
	}
	return rows
}

var inBackticks = regexp.MustCompile("`([^`]+)`")

// ticked returns what stands in backticks.
func ticked(cell string) []string {
	var out []string
	for _, m := range inBackticks.FindAllStringSubmatch(cell, -1) {
		out = append(out, m[1])
	}
	return out
}

// docKeys returns the rows of the tables of keys, by key.
func docKeys(t *testing.T) map[string]docRow {
	t.Helper()
	out := map[string]docRow{}
	for _, row := range docRows(t, "meaning") {
		for _, key := range ticked(row["key"]) {
			if out[key] != nil {
				t.Errorf("%s has two rows", key)
			}
			out[key] = row
		}
	}
	return out
}

// definitionKeys returns the keys of a service or check, as the page writes them.
func definitionKeys(t reflect.Type, prefix string) []string {
	var out []string
	eachKey(t, "", func(names string, kind reflect.Type) {
		switch kind {
		case reflect.TypeFor[*catalog.Weights](): // only its members have rows
			out = append(out, prefix+names+".passing", prefix+names+".warning")
			return
		case reflect.TypeFor[*catalog.InstanceDNS](), reflect.TypeFor[*catalog.Locality](), reflect.TypeFor[*catalog.Guard](): // likewise
			out = append(out, definitionKeys(kind.Elem(), prefix+names+".")...)
			return
		case reflect.TypeFor[map[string]catalog.ServiceAddress]():
			out = append(out, prefix+names+".NAME.address", prefix+names+".NAME.port")
		}
		for name := range strings.SplitSeq(names, ",") { // a key and its aliases
			out = append(out, prefix+name)
		}
	})
	return out
}

// compare tells what is missing in got and what is too much.
func compare(t *testing.T, got, want []string) {
	t.Helper()
	for _, key := range want {
		if !slices.Contains(got, key) {
			t.Errorf("%s is not on the page", key)
		}
	}
	for _, key := range got {
		if !slices.Contains(want, key) {
			t.Errorf("the page names %s, which is none", key)
		}
	}
}

func TestDocNamesEveryKey(t *testing.T) {
	want := definitionKeys(reflect.TypeFor[catalog.ServiceDefinition](), "service.")
	want = append(want, definitionKeys(reflect.TypeFor[catalog.CheckDefinition](), "check.")...)
	want = append(want, definitionKeys(reflect.TypeFor[watchDefinition](), "watch.")...)
	eachKey(reflect.TypeFor[fileKeys](), "", func(key string, _ reflect.Type) { want = append(want, key) })
	compare(t, slices.Collect(maps.Keys(docKeys(t))), want)
}

// To state a default as the page has it must change nothing.
func TestDocDefaults(t *testing.T) {
	plain, rows, tried := unchanged(), docKeys(t), 0
	eachKey(reflect.TypeFor[fileKeys](), "", func(key string, _ reflect.Type) {
		stated := ticked(rows[key]["default"])
		if len(stated) != 1 || rows[stated[0]] != nil { // said in words, or another key's value
			return
		}
		tried++
		text := fileWith(t, key, json.RawMessage(stated[0]))
		got, problems := built(text)
		if len(problems) > 0 {
			t.Errorf("%s: %v", text, problems)
		}
		for _, d := range differences(got, plain) {
			t.Errorf("%s: %s", text, d)
		}
	})
	if tried < 30 {
		t.Errorf("only %d defaults were found", tried)
	}
}

// built is the configuration that files make.
func built(texts ...[]byte) (Config, document.Problems) {
	b := newBuilder(LoadOptions{})
	for i, text := range texts {
		b.decode("f", text)
		merge(&b.merged, b.sources[i].keys.settings)
	}
	b.build()
	return b.cfg, b.problems
}

// A key that the page calls reloadable must not be what a reload refuses to change, and the other way round.
func TestDocReload(t *testing.T) {
	rows := docKeys(t)
	eachKey(reflect.TypeFor[fileKeys](), "", func(key string, kind reflect.Type) {
		said := rows[key]["reload"]
		if said == "-" || judgedOnly[key] {
			return
		}
		plain, _ := built(beside(t, key))
		refused := false
		for _, value := range sampleValues(key, kind) {
			changed, _ := built(beside(t, key), fileWith(t, key, value))
			refused = refused || len(fixedChanges(&plain, &changed))+len(fixedClusterChanges(&plain, &changed)) > 0
		}
		if want := map[bool]string{true: "no", false: "yes"}[refused]; said != want {
			t.Errorf("%s: reload is %q on the page, and really %q", key, said, want)
		}
	})
}

func TestDocFlags(t *testing.T) {
	var got, want []string
	for _, row := range docRows(t, "flag") {
		flag, _, _ := strings.Cut(strings.Join(ticked(row["flag"]), ""), " ")
		got = append(got, flag+" of "+strings.Join(ticked(row["key"]), ""))
	}
	o := reflect.TypeFor[Overrides]()
	for i := range o.NumField() {
		want = append(want, "-"+o.Field(i).Tag.Get("flag")+" of "+o.Field(i).Tag.Get("key"))
	}
	compare(t, got, want)
}

func TestDocForeignKeys(t *testing.T) {
	asWritten := strings.NewReplacer("SERVICE.", "service.", "CHECK.", "check.", "WATCH.", "watch.")
	for column, list := range map[string]string{"without effect": meshKeys + " " + tuningKeys, "refused": missingKeys} {
		t.Run(column, func(t *testing.T) {
			var got []string
			for _, row := range docRows(t, column) {
				got = append(got, ticked(row[column])...)
			}
			compare(t, got, strings.Fields(asWritten.Replace(list)))
		})
	}
}
