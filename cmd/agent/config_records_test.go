package agent

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestRecordsOfFiles(t *testing.T) {
	dir := write(t,
		file{"1.json", `{"dns_records": ["www A 192.0.2.1", "mail 60 A 192.0.2.2"]}`},
		file{"2.json", `{"dns_records": ["@ MX 10 mail"], "service": {"name": "web"}}`},
	)
	opts := onHost("10.0.0.5")
	opts.Dev, opts.Paths = true, []string{dir}
	c, err := Load(opts)
	if want := []string{"www A 192.0.2.1", "mail 60 A 192.0.2.2", "@ MX 10 mail"}; err != nil || !slices.Equal(c.DNSConfig().Records, want) {
		t.Errorf("records %q, error %v", c.DNSConfig().Records, err)
	}
}

func TestRecordProblems(t *testing.T) {
	for _, c := range []struct {
		name  string
		files []file
		want  []string
	}{
		{"syntax", []file{{"a.json", `{"dns_records": ["www A 192.0.2.1"]}`}, {"b.json", "{\"dns_records\": [\n \"a A 1.2.3\",\n \"b NS c\"]}"}}, []string{
			`b.json:2:2: dns_records[0]: "a A 1.2.3": bad A A: "1.2.3"`,
			`b.json:3:2: dns_records[1]: "b NS c": type NS: records may be A, AAAA, CNAME, TXT, MX, SRV, CAA, SSHFP or TLSA`}},
		{"with another record", []file{{"a.json", `{"dns_records": ["www CNAME a"]}`}, {"b.json", `{"dns_records": ["www A 192.0.2.1"]}`}}, []string{
			`b.json:1:18: dns_records[0]: "www A 192.0.2.1": a CNAME stands alone at its name, which has "www CNAME a"`}},
		{"with a service of another file", []file{{"a.json", `{"dns_records": ["www A 192.0.2.1", "v1.web.service A 192.0.2.1", "v2.web.service A 192.0.2.1"]}`}, {"b.json", "{\"services\": [{\"name\": \"x\"},\n{\"name\": \"web\", \"tags\": [\"V1\"]}]}"}}, []string{
			`a.json:1:37: dns_records[1]: "v1.web.service A 192.0.2.1" is a record at a name that belongs to service "web" at b.json:2:10`}},
		{"with this node", []file{{"a.json", "{\"dns_records\": [\"N1.node A 192.0.2.1\"],\n\"node_name\": \"n1\"}"}}, []string{
			`a.json:1:18: dns_records[0]: "N1.node A 192.0.2.1" is a record at a name that belongs to this node, "n1" by a.json:2:14`}},
		{"in an alt domain", []file{{"a.json", `{"alt_domain": "alt", "dns_records": ["web.service.alt. A 192.0.2.1"], "services": [{"name": "web"}, {"name": "web", "id": "web-2"}]}`}}, []string{
			`a.json:1:39: dns_records[0]: "web.service.alt. A 192.0.2.1" is a record at a name that belongs to service "web" at a.json:1:94`}},
		{"of a service elsewhere", []file{{"a.json", `{"dns_records": ["web.service.dc9 A 192.0.2.1", "web A 192.0.2.1"], "service": {"name": "web"}}`}}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := write(t, c.files...)
			_, problems := Validate([]string{dir})
			got := lines(dir, problems.Join("\n"))
			if len(problems) == 0 {
				got = nil
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// A node that takes the host's name, or a flag's, is held against the records like any other.
func TestRecordsAndTheHostsName(t *testing.T) {
	dir := write(t, file{"a.json", `{"dns_records": ["h1.node A 192.0.2.1"]}`})
	for _, c := range []struct{ flag, want string }{{"", `"h1" by the host's name`}, {"H1", `"H1" by -node`}, {"other", ""}} {
		opts := onHost("10.0.0.5")
		opts.Dev, opts.Paths = true, []string{dir}
		opts.Hostname = func() (string, error) { return "h1", nil }
		if c.flag != "" {
			opts.Overrides.NodeName = &c.flag
		}
		_, err := Load(opts)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%q: %v", c.flag, err)
		}
	}
}

// The configurations that the page on DNS shows have to be right.
func TestDNSPageExamples(t *testing.T) {
	page, err := os.ReadFile("../../contrib/docs/dns.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```json\n(.*?)```").FindAllSubmatch(page, -1)
	if len(blocks) < 2 {
		t.Errorf("%d examples were found", len(blocks))
	}
	for _, b := range blocks {
		if _, problems := built(b[1]); len(problems) > 0 {
			t.Errorf("%s: %v", b[1], problems)
		}
	}
}
