//go:build linux

package replay

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// unstable is what differs from run to run, and what stands for it in a comparison.
var unstable = []struct {
	what *regexp.Regexp
	as   string
}{
	{regexp.MustCompile(`\b20\d\d-\d\d-\d\dT[\d:.]+Z`), "TIME"},
	{regexp.MustCompile(`\b20\d\d-\d\d-\d\d\b`), "DATE"},
	{regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`), "UUID"},
	{regexp.MustCompile(`("Lineage":")[0-9a-f]+`), "${1}LINEAGE"},
	{regexp.MustCompile(`\b\d+-\d+-\d{13}\b`), "SNAPSHOT"},
	{regexp.MustCompile(`[A-Za-z0-9+/]{43}=`), "KEY"},
	{regexp.MustCompile(`\b(\d+(\.\d+)?(ns|µs|ms|h|m|s))+\b\+?`), "AGE"},
	{regexp.MustCompile(`\b\d+(\.\d+)? (B|KiB)`), "SIZE"},
	{regexp.MustCompile(`(?i)(index\w*"?[ :=]+|\bterm[ =]+|\bid[ :]+|\bresyncs[ =]+)\d+`), "${1}N"},
	// Who feeds a client, and who made a snapshot.
	{regexp.MustCompile(`^( *server += ).*`), "${1}SERVER"},
	{regexp.MustCompile(`^(Node +)server\d$`), "${1}SERVER"},
	// Who leads: in the lists of raft's members, and in those of their health.
	{regexp.MustCompile(`(leader|follower) +(true|false) +(\d) +\d+ +(-|\d+ commits)`), "ROLE $2 $3 N N"},
	{regexp.MustCompile(`(alive|failed) +(true|false) +(true|false) +(true|false) +AGE`), "$1 ROLE $3 $4 AGE"},
	{regexp.MustCompile(`[ \t]+`), " "},
}

// settled is a line without what differs from run to run.
func settled(line string) string {
	for _, u := range unstable {
		line = u.what.ReplaceAllString(line, u.as)
	}
	return strings.TrimRight(line, " ")
}

// shuffled are commands whose lines come in any order.
var shuffled = regexp.MustCompile(`^(dig|muster (why|operator))\b`)

// agrees reports whether a command printed what the page has. "..." there stands for anything, alone on a line for any lines.
func agrees(c command, got string) bool {
	var have []string
	for line := range strings.Lines(strings.TrimRight(got, "\n ")) {
		have = append(have, settled(strings.TrimRight(line, "\n")))
	}
	var want []string
	for _, line := range c.want {
		want = append(want, settled(line))
	}
	if shuffled.MatchString(c.text) && !slices.Contains(want, "...") {
		slices.Sort(have)
		slices.Sort(want)
	}
	pattern := "^"
	for _, line := range want {
		if line == "..." {
			pattern += `(.*\n)*?`
			continue
		}
		pattern += strings.ReplaceAll(regexp.QuoteMeta(line), `\.\.\.`, `.*`) + `\n`
	}
	text := strings.Join(have, "\n")
	if text != "" {
		text += "\n"
	}
	return regexp.MustCompile(pattern + "$").MatchString(text)
}

func TestAgrees(t *testing.T) {
	for _, c := range []struct {
		command, want, got string
		agrees             bool
	}{
		{"true", "", "", true},
		{"true", "", "x\n", false},
		{"true", "x", "", false},
		{"true", "a\nb", "a\nb\n", true},
		{"true", "a\nb", "b\na\n", false},
		{"dig x", "a\nb", "b\na\n", true},
		{"dig x", "192.0.2.1", "192.0.2.2\n", false},
		{"true", "a\n...\nd", "a\nb\nc\nd\n", true},
		{"true", "a\n...\nd", "a\nb\nc\n", false},
		{"true", "a ... d", "a b d\n", true},
		{"true", "a.b", "axb\n", false},
		{"true", "at 2026-11-23T08:54:39Z, 2.5s ago, 1m30s", "at 2027-01-01T00:00:00.5Z, 300ms ago, 4s+\n", true},
		{"true", "to index 12", "to index 7\n", true},
		{"true", "to 12", "to 7\n", false},
		{"true", "id 1tE7hbnJdDUr5L3eWNaQkroqN8AlhBiesCxAf2ny1BA=", "id fW3WYVb7MoYh7EP29ecgY3BCetd+KY/SiTmRHtK5TQo=\n", true},
		{"true", "s1  leader    true   3  9  -", "s1 follower true 3 11 2 commits\n", true},
		{"true", "s1  leader    true   3  9  -", "s1 follower false 3 11 2 commits\n", false},
		{"true", "s1  alive  true  true  true  0s", "s1 alive false true true 3ms\n", true},
		{"true", "s1  alive  true  true  true  0s", "s1 alive false true false 3ms\n", false},
	} {
		want := strings.Split(c.want, "\n")
		if c.want == "" {
			want = nil
		}
		if agrees(command{text: c.command, want: want}, c.got) != c.agrees {
			t.Errorf("%s: %q and %q: it is not %v that they agree", c.command, c.want, c.got, c.agrees)
		}
	}
}
