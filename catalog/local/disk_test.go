package local

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"muster/catalog"
)

// everything is a definition with every field set, so that a field lost on the way to disk shows.
func everything() catalog.ServiceDefinition {
	minute := time.Minute
	return catalog.ServiceDefinition{
		ID: "a/../<b> ü", Name: "web", Tags: []string{"x"}, Address: "10.1.1.1", Port: 80,
		TaggedAddresses: map[string]catalog.ServiceAddress{"wan": {Address: "1.2.3.4", Port: 1}},
		Meta:            map[string]string{"k": "v"}, Weights: &catalog.Weights{Passing: 3, Warning: 2}, EnableTagOverride: true,
		DNS: &catalog.InstanceDNS{Priority: 10, TTL: &minute, ALPN: []string{"h2"}},
		Checks: []catalog.CheckDefinition{
			{ID: "h", HTTP: "http://x/", Method: "PUT", Header: map[string][]string{"A": {"b"}}, Body: "<&>", Interval: time.Second,
				Timeout: time.Millisecond, OutputMaxSize: 7, SuccessBeforePassing: 2, FailuresBeforeCritical: 3, FailuresBeforeWarning: 1,
				TLSServerName: "n", TLSSkipVerify: true, DeregisterCriticalServiceAfter: time.Hour, Status: catalog.Passing, Notes: "n"},
			{ID: "al", AliasService: "z"},
		},
	}
}

func TestRestart(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	must(t, s.Register(everything(), false))
	back := open(t, dir)
	if a, b := s.Instances()[0], back.Instances()[0]; !a.SameAs(b) {
		t.Errorf("%+v came back as %+v", a, b)
	}
	if d := diff(s.table, &edit{table: back.table, dirtyServices: map[string]bool{everything().ID: true}, dirtyChecks: map[string]bool{"h": true, "al": true}}); d != (Diff{}) {
		t.Errorf("came back different: %v", d)
	}
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		must(t, err)
		info, err := d.Info()
		must(t, err)
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if path != dir && info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, want %v", path, info.Mode().Perm(), want)
		}
		return nil
	}))
}

func TestRegisteringAgainWritesNothing(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	must(t, s.Register(svc("a", ttl("c")), false))
	before, err := os.Stat(fileOf(s.disk.services, "a"))
	must(t, err, s.Register(svc("a", ttl("c")), false))
	after, err := os.Stat(fileOf(s.disk.services, "a"))
	must(t, err)
	if !os.SameFile(before, after) {
		t.Error("the file was replaced")
	}
}

func TestDamage(t *testing.T) {
	tests := []struct {
		name string
		harm func([]byte) []byte
		says string
	}{
		{"empty", func([]byte) []byte { return nil }, "first line"},
		{"cut short", func(b []byte) []byte { return b[:len(b)-9] }, "checksum"},
		{"a bit flipped", func(b []byte) []byte { b[len(b)/2+40] ^= 1; return b }, "checksum"},
		{"zeros", func(b []byte) []byte { return make([]byte, len(b)) }, "first line"},
		{"another version", func(b []byte) []byte { return bytes.Replace(b, []byte("local 1 "), []byte("local 2 "), 1) }, "version 2"},
		{"another id's name", func([]byte) []byte {
			return encoded(record{Service: &catalog.ServiceDefinition{ID: "z", Weights: &catalog.Weights{}}})
		}, "another registration"},
		{"another kind", func([]byte) []byte { return encoded(record{Check: &catalog.CheckDefinition{ID: "a"}}) }, "another registration"},
		{"no kind", func([]byte) []byte { return encoded(record{}) }, "neither"},
		{"no weights", func([]byte) []byte { return encoded(record{Service: &catalog.ServiceDefinition{ID: "a"}}) }, "weights"},
		{"a key of tomorrow", func([]byte) []byte { return sealed(`{"Mesh":{}}`) }, "another build"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir)
			must(t, s.Register(svc("a"), false), s.Register(svc("b"), false))
			bad := fileOf(s.disk.services, "a")
			data, err := os.ReadFile(bad)
			must(t, err, os.WriteFile(bad, tt.harm(data), 0o600))
			_, err = New(Config{Node: func() catalog.Node { return self }, Dir: dir})
			if err == nil || !strings.Contains(err.Error(), bad) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v, want the file's name and %q", err, tt.says)
			}
		})
	}
}

func encoded(r record) []byte {
	b, err := encodeRecord(r)
	if err != nil {
		panic(err)
	}
	return b
}

func sealed(body string) []byte {
	return []byte(recordMagic + " 1 " + recordSum("1", []byte(body)) + "\n" + body + "\n")
}

func TestDeathInTheMiddle(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	onA := ttl("c")
	onA.ServiceID = "a"
	must(t, s.Register(svc("a"), false), s.RegisterCheck(onA))
	alone, err := os.ReadFile(fileOf(s.disk.checks, "c"))
	must(t, err)
	// The check moves into its service's file, and the agent dies before its own is gone.
	must(t, s.Register(svc("a", catalog.CheckDefinition{ID: "c", TTL: time.Hour}), false))
	must(t, os.WriteFile(fileOf(s.disk.checks, "c"), alone, 0o600))
	// Another registration dies before it has its name.
	temp := filepath.Join(s.disk.services, ".tmp-muster-123")
	must(t, os.WriteFile(temp, []byte("half"), 0o600))

	s = open(t, dir)
	if d := s.Definitions(); len(d) != 1 || d[0].TTL != time.Hour {
		t.Errorf("definitions %+v", d)
	}
	if _, err := os.Stat(temp); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the temporary file: %v", err)
	}
	// And its stale file does not come back when the service lets go of the check.
	load(t, s, nil)
	must(t, s.DeregisterCheck("c"))
	if got := summary(open(t, dir)); got != "a |" {
		t.Errorf("have %q", got)
	}
}

func TestDiskFailureChangesNothing(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	must(t, s.Register(svc("a", ttl("c")), false))
	must(t, os.Rename(s.disk.services, s.disk.services+".away"))
	if err := s.Register(svc("b"), false); catalog.CodeOf(err) != catalog.Internal {
		t.Errorf("register: error %v", err)
	}
	if got := summary(s); got != "a | c=c" {
		t.Errorf("have %q", got)
	}
	must(t, os.Rename(s.disk.services+".away", s.disk.services), s.Register(svc("b"), false))
}
