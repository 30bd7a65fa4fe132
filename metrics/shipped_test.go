package metrics

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
)

var (
	seriesName = regexp.MustCompile(`\b(?:muster|process|go)_[a-z_]+\b`)
	selector   = regexp.MustCompile(`\b(muster_[a-z_]+)\{([^}]*)\}`)
	matcher    = regexp.MustCompile(`(\w+)(=~|=)"([^"]*)"`)
)

// knownSeries are the families of the registry, by the names that a query may use for them.
func knownSeries(t *testing.T) map[string]*dto.MetricFamily {
	t.Helper()
	families, err := New(Build{}).gatherer().Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*dto.MetricFamily{}
	for _, f := range families {
		if f.GetType() != dto.MetricType_HISTOGRAM {
			out[f.GetName()] = f
			continue
		}
		for _, suffix := range []string{"_bucket", "_count", "_sum"} {
			out[f.GetName()+suffix] = f
		}
	}
	return out
}

// has reports whether one of the family's series has this value of a label.
func has(f *dto.MetricFamily, label, value string) bool {
	for _, m := range f.GetMetric() {
		for _, l := range m.GetLabel() {
			if l.GetName() == label && l.GetValue() == value {
				return true
			}
		}
	}
	return false
}

// faults tells which series, labels and values of a query no agent has.
func faults(query string, known map[string]*dto.MetricFamily) (out []string) {
	for _, name := range seriesName.FindAllString(query, -1) {
		if known[name] == nil {
			out = append(out, "there is no series "+name)
		}
	}
	for _, s := range selector.FindAllStringSubmatch(query, -1) {
		f := known[s[1]]
		for _, m := range matcher.FindAllStringSubmatch(s[2], -1) {
			if f == nil || m[1] == "job" || m[1] == "instance" { // which Prometheus sets
				continue
			}
			for value := range strings.SplitSeq(m[3], "|") {
				if !has(f, m[1], value) {
					out = append(out, fmt.Sprintf("%s has no %s %q", s[1], m[1], value))
				}
			}
		}
	}
	return out
}

// TestDashboardAsksForWhatThereIs: a panel without data looks like a system without traffic.
func TestDashboardAsksForWhatThereIs(t *testing.T) {
	text, err := os.ReadFile("../contrib/grafana/muster.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Panels []struct {
			ID      int
			Type    string
			Title   string
			Targets []struct{ Expr string }
		}
		Templating struct {
			List []struct{ Type, Query string }
		}
	}
	if err := json.Unmarshal(text, &board); err != nil {
		t.Fatal(err)
	}
	known, ids, queries := knownSeries(t), map[int]bool{}, 0
	for _, p := range board.Panels {
		if ids[p.ID] {
			t.Errorf("two panels have the id %d", p.ID)
		}
		ids[p.ID] = true
		if p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("%s: no query", p.Title)
		}
		for _, q := range p.Targets {
			queries++
			for _, fault := range faults(q.Expr, known) {
				t.Errorf("%s: %s: %s", p.Title, q.Expr, fault)
			}
		}
	}
	for _, v := range board.Templating.List {
		for _, fault := range faults(v.Query, known) {
			t.Errorf("%s: %s", v.Query, fault)
		}
	}
	if queries < 20 {
		t.Errorf("only %d queries were found", queries)
	}
}

// TestAlertsAskForWhatThereIs: a rule over no series never fires. What the rules say is promtool's to test.
func TestAlertsAskForWhatThereIs(t *testing.T) {
	text, err := os.ReadFile("../contrib/prometheus/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	known, rules := knownSeries(t), 0
	for line := range strings.Lines(string(text)) {
		query, isRule := strings.CutPrefix(strings.TrimSpace(line), "expr: ")
		if !isRule {
			continue
		}
		rules++
		for _, fault := range faults(query, known) {
			t.Errorf("%s: %s", query, fault)
		}
	}
	if rules < 10 {
		t.Errorf("only %d rules were found", rules)
	}
	tests, err := os.ReadFile("../contrib/prometheus/alerts_test.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, alert := range regexp.MustCompile(`alert: (\w+)`).FindAllStringSubmatch(string(text), -1) {
		if !strings.Contains(string(tests), alert[1]+`"`) && !strings.Contains(string(tests), "alertname: "+alert[1]) {
			t.Errorf("%s has no test", alert[1])
		}
	}
}

// TestFaultsAreFound: the tests above could not fail otherwise.
func TestFaultsAreFound(t *testing.T) {
	for query, want := range map[string]string{
		`sum(rate(muster_dns_querys_total[5m]))`:                   "there is no series muster_dns_querys_total",
		`muster_checks{job="$job",status="failing"}`:               `muster_checks has no status "failing"`,
		`muster_gossip_refused_total{reason=~"key|nam"}`:           `muster_gossip_refused_total has no reason "nam"`,
		`rate(muster_raft_commit_seconds[5m])`:                     "there is no series muster_raft_commit_seconds",
		`muster_checks{status="critical"} / ignoring(a) up{a="b"}`: "",
	} {
		if got := strings.Join(faults(query, knownSeries(t)), "; "); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}
