package metrics

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
)

// listed is how many values of a label the page lists at most.
const listed = 12

// row is a family of series as a row of the page's table.
func row(f *dto.MetricFamily) string {
	values := map[string][]string{}
	var names []string
	for _, m := range f.GetMetric() {
		for _, l := range m.GetLabel() {
			if values[l.GetName()] == nil {
				names = append(names, l.GetName())
			}
			values[l.GetName()] = append(values[l.GetName()], l.GetValue())
		}
	}
	var labels []string
	for _, name := range names {
		all := slices.Compact(slices.Sorted(slices.Values(values[name])))
		label := "`" + name + "`"
		if len(all) > 1 && len(all) <= listed {
			label += ": " + strings.Join(all, ", ")
		}
		labels = append(labels, label)
	}
	return fmt.Sprintf("| `%s` | %s | %s | %s |", f.GetName(), strings.ToLower(f.GetType().String()), strings.Join(labels, "; "), f.GetHelp())
}

// TestEverySeriesIsDocumented keeps the table of contrib/docs/metrics.md what the registry holds.
func TestEverySeriesIsDocumented(t *testing.T) {
	families, err := New(Build{}).gatherer().Gather()
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, f := range families {
		if strings.HasPrefix(f.GetName(), "muster_") {
			want = append(want, row(f))
		}
	}
	const page = "../contrib/docs/metrics.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "| `muster_") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("%s lacks this row:\n%s", page, line)
		}
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("%s has a row for what there is not:\n%s", page, line)
		}
	}
	if len(got) == len(want) && !slices.Equal(got, want) {
		t.Errorf("the rows of %s are not in the order of their names", page)
	}
}
