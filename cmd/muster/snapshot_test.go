package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"muster/catalog"
	"muster/catalog/archive"
)

// snapshotOf is the archive of a state with a node, two services and keys.
func snapshotOf(t *testing.T, keys ...string) string {
	t.Helper()
	state := catalog.New()
	commands := []catalog.Command{
		&catalog.Register{Node: catalog.Node{Name: "n1", Address: "10.0.0.1"}, Instance: &catalog.Instance{ID: "a", Name: "web"}},
		&catalog.Register{Node: catalog.Node{Name: "n1"}, SkipNodeUpdate: true, Instance: &catalog.Instance{ID: "b", Name: "web"}},
	}
	for _, key := range keys {
		commands = append(commands, &catalog.SetKey{Key: []byte(key), Value: []byte("value")})
	}
	for i, c := range commands {
		if _, err := state.Apply(uint64(i+1), c); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	about := archive.About{Term: 2, Created: time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC), Datacenter: "dc1", Node: "n1", Build: "1.2.3"}
	if _, err := archive.Write(&b, state.Snapshot(), about); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestSnapshotSave(t *testing.T) {
	t.Chdir(t.TempDir())
	old, fresh := snapshotOf(t), snapshotOf(t, "k")
	if err := os.WriteFile("old", []byte(old), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		example
		file, want string // what the file holds afterwards
	}{
		{example{args: "snapshot save new", answers: map[string]string{"GET /v1/snapshot": "200 " + fresh}, asks: "GET /v1/snapshot",
			stdout: "Saved and verified snapshot to index 3\n"}, "new", fresh},
		{example{args: "snapshot save -stale -datacenter dc2 old", answers: map[string]string{"GET /v1/snapshot?dc=dc2&stale=": "200 " + fresh},
			asks: "GET /v1/snapshot?dc=dc2&stale=", stdout: "Saved and verified snapshot to index 3\n"}, "old", fresh},
		{example{args: "snapshot save old", answers: map[string]string{"GET /v1/snapshot": "503 no leader"}, asks: "GET /v1/snapshot",
			code: 1, stderr: "Error: the agent answered 503: no leader\n"}, "old", fresh},
		{example{args: "snapshot save old", answers: map[string]string{"GET /v1/snapshot": "200 " + old[:len(old)-1]}, asks: "GET /v1/snapshot",
			code: 1, stderr: "unexpected EOF"}, "old", fresh},
		{example{args: "snapshot save none", answers: map[string]string{"GET /v1/snapshot": "200 <html>"}, asks: "GET /v1/snapshot",
			code: 1, stderr: "this is no snapshot"}, "none", ""},
		{example{args: "snapshot save no/such/directory", answers: map[string]string{"GET /v1/snapshot": "200 " + fresh}, asks: "GET /v1/snapshot",
			code: 1, stderr: "no such file or directory"}, "no", ""},
		{example{args: "snapshot save", code: 2, stderr: "FILE is missing"}, "none", ""},
	} {
		tc.try(t)
		if got, _ := os.ReadFile(tc.file); string(got) != tc.want {
			t.Errorf("%s: %s holds something else", tc.args, tc.file)
		}
	}
	if left, err := os.ReadDir("."); err != nil || len(left) != 2 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestSnapshotRestore(t *testing.T) {
	t.Chdir(t.TempDir())
	good := snapshotOf(t, "k")
	for name, text := range map[string]string{"good": good, "cut": good[:len(good)-1], "foreign": "PK\x03\x04", "empty": ""} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir("folder", 0o700); err != nil {
		t.Fatal(err)
	}
	asks := "PUT /v1/snapshot <- " + good
	for _, e := range []example{
		{args: "snapshot restore good", answers: map[string]string{"PUT /v1/snapshot": "200 "}, asks: asks, stdout: "Restored snapshot\n"},
		{args: "snapshot restore good", answers: map[string]string{"PUT /v1/snapshot": "503 no leader"}, asks: asks, code: 1, stderr: "Error: the agent answered 503: no leader\n"},
		// What is refused here is not even sent.
		{args: "snapshot restore cut", code: 1, stderr: "Error: cut: read snapshot: "},
		{args: "snapshot restore foreign", code: 1, stderr: "this is no snapshot"},
		{args: "snapshot restore empty", code: 1, stderr: "this is no snapshot"},
		{args: "snapshot restore folder", code: 1, stderr: "folder is not a plain file"},
		{args: "snapshot restore none", code: 1, stderr: "open none: no such file"},
		{args: "snapshot restore", code: 2, stderr: "FILE is missing"},
		{args: "snapshot restore good good", code: 2, stderr: `unexpected argument "good" after FILE`},
		{args: "snapshot verify good", stdout: "Verified snapshot to index 3 (nodes 1, services 2, checks 0, keys 1)\n"},
		{args: "snapshot verify cut", code: 1, stderr: "Error: cut: read snapshot: "},
		{args: "snapshot verify none", code: 1, stderr: "open none: no such file"},
		{args: "snapshot", code: 2, stderr: "a command is missing"},
	} {
		e.try(t)
	}
}

func TestSnapshotInspect(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("a.snap", []byte(snapshotOf(t, "web/a/1", "web/a/2", "web/b", "/x", "top", "\xff\x1b[31m/y")), 0o600); err != nil {
		t.Fatal(err)
	}
	sizes := regexp.MustCompile(`[\d.]+ (B|KiB)`)
	stdout, stderr, code := command(t, "", nil, words("snapshot inspect -kvdetails -kvdepth 1 a.snap")...)
	got := strings.TrimSpace(regexp.MustCompile(` +`).ReplaceAllString(sizes.ReplaceAllString(stdout, "~"), " "))
	got = regexp.MustCompile(`indexes \d+ ~\n`).ReplaceAllString(got, "") // the state's own books
	want := `ID 2-8-1795426200000
Size ~
File ~
Index 8
Term 2
Version 1
Created 2026-11-23T09:30:00Z
Datacenter dc1
Node n1
Build 1.2.3

Type Count Size
---- ---- ----
keys 6 ~
services 2 ~
nodes 1 ~
---- ---- ----
Total ~

Key Count Size
---- ---- ----
web 3 ~
� [31m 1 ~
 1 ~
top 1 ~
---- ---- ----
Total ~`
	if code != 0 || stderr != "" || got != want {
		t.Errorf("exit code %d, stderr %q, printed\n%s\nwant\n%s", code, stderr, got, want)
	}

	stdout, stderr, code = command(t, "", nil, words("snapshot inspect -format json -kvdetails -kvfilter web/ a.snap")...)
	var found inspection
	if err := json.Unmarshal([]byte(stdout), &found); err != nil || code != 0 || stderr != "" {
		t.Fatalf("%v, exit code %d, stderr %q", err, code, stderr)
	}
	if m := found.Meta; m.Index != 8 || m.Term != 2 || m.Version != 1 || m.Size <= found.TotalSize || found.TotalSize <= found.TotalSizeKV {
		t.Errorf("%+v", found)
	}
	var kv []string
	var total int64
	for _, rows := range found.StatsKV {
		kv = append(kv, fmt.Sprintf("%s %d", rows.Name, rows.Count))
		total += rows.Size
	}
	if got := strings.Join(kv, ", "); got != "web/a 2, web/b 1" || total != found.TotalSizeKV {
		t.Errorf("keys %s, in all %d", got, total)
	}
	for _, e := range []example{
		{args: "snapshot inspect -kvdepth 3 a.snap", code: 2, stderr: "-kvdepth needs -kvdetails"},
		{args: "snapshot inspect -kvfilter web a.snap", code: 2, stderr: "-kvfilter needs -kvdetails"},
		{args: "snapshot inspect -kvdetails -kvdepth 0 a.snap", code: 2, stderr: "-kvdepth 0 is less than 1"},
		{args: "snapshot inspect", code: 2, stderr: "FILE is missing"},
		{args: "snapshot inspect none", code: 1, stderr: "open none: no such file"},
	} {
		e.try(t)
	}
}

// A stream that breaks off leaves neither a file nor a part of one.
func TestSnapshotSaveOfACutStream(t *testing.T) {
	t.Chdir(t.TempDir())
	good := snapshotOf(t, "k")
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, good[:len(good)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}))
	defer srv.Close()
	stdout, stderr, code := command(t, "", nil, "snapshot", "save", "-http-addr", srv.URL, "a.snap")
	if left, err := os.ReadDir("."); code != 1 || stdout != "" || !strings.Contains(stderr, "unexpected EOF") || err != nil || len(left) != 0 {
		t.Errorf("exit code %d, stdout %q, stderr %q, left behind: %v, %v", code, stdout, stderr, left, err)
	}
}

func TestSnapshotWithoutAnAgent(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("a.snap", []byte(snapshotOf(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.NotFoundHandler())
	srv.Close()
	for _, args := range []string{"snapshot save b.snap", "snapshot restore a.snap"} {
		stdout, stderr, code := command(t, "", map[string]string{"MUSTER_HTTP_ADDR": srv.URL}, words(args)...)
		if code != 1 || stdout != "" || !strings.HasPrefix(stderr, "Error: cannot reach an agent at ") {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q", args, code, stdout, stderr)
		}
	}
}

// What was saved from a real agent comes back to it, and what is damaged does not.
func TestSnapshotsOfAnAgent(t *testing.T) {
	t.Chdir(t.TempDir())
	addr, _ := inProcess(t, "-dev", "-node", "n1")
	do := func(args string) (string, int) {
		stdout, stderr, code := command(t, "", map[string]string{"MUSTER_HTTP_ADDR": addr}, words(args)...)
		return stdout + stderr, code
	}
	eventually(t, "a leader", func() (bool, string) {
		out, code := do("kv put a 1")
		return code == 0, out
	})
	for _, step := range []struct {
		args, want string // a part of the output
		code       int
	}{
		{"snapshot save a.snap", "Saved and verified snapshot to index ", 0},
		{"kv put b 2", "Success", 0},
		{"snapshot save -stale b.snap", "Saved and verified snapshot to index ", 0},
		{"snapshot restore a.snap", "Restored snapshot", 0},
		{"kv get a", "1", 0},
		{"kv get b", "there is no key", 1},
		{"kv put c 3", "Success", 0},
		{"snapshot restore b.snap", "Restored snapshot", 0},
		{"kv get b", "2", 0},
		{"kv get c", "there is no key", 1},
	} {
		if out, code := do(step.args); code != step.code || !strings.Contains(out, step.want) {
			t.Errorf("%s: exit code %d, printed %s, want %s", step.args, code, out, step.want)
		}
	}
}
