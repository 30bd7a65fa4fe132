package probes

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"muster/catalog"
)

func TestFile(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "backup")
	if err := os.WriteFile(name, []byte("12345"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		file   string
		old    time.Duration // what the file is made to be
		maxAge time.Duration
		status catalog.Status
		want   string
	}{
		{"there", name, time.Hour, 0, catalog.Passing, "5 bytes, changed 1h0m"},
		{"young enough", name, time.Hour, 2 * time.Hour, catalog.Passing, "changed 1h0m"},
		{"too old", name, 3 * time.Hour, 2 * time.Hour, catalog.Critical, "changed 3h0m"},
		{"from the future", name, -time.Hour, time.Minute, catalog.Passing, "changed 0s ago"},
		{"missing", filepath.Join(dir, "none"), 0, 0, catalog.Critical, "no such file"},
		{"directory", dir, 0, time.Hour, catalog.Passing, "changed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			at := time.Now().Add(-c.old)
			if err := os.Chtimes(name, at, at); err != nil {
				t.Fatal(err)
			}
			res := lookOnce(t, openFile, catalog.CheckDefinition{File: c.file, MaxAge: c.maxAge}, long)
			if res.Status != c.status || !strings.Contains(res.Output, c.want) {
				t.Errorf("got %s %q, want %s, saying %q", res.Status, res.Output, c.status, c.want)
			}
		})
	}
}

// A probe whose time is up leaves, and the next one gets the answer that came late.
func TestFileThatTakesLong(t *testing.T) {
	def := catalog.CheckDefinition{File: t.TempDir()}
	look, done := openFile(&def, newBudget(0, nil))
	defer done()
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 { // either may be first
		if res := look(over, &def); res.Status == catalog.Critical {
			break
		}
	}
	if res := look(t.Context(), &def); res.Status != catalog.Passing {
		t.Error(res)
	}
}

func TestPidFile(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{
		"12": 12, "12\n": 12, " 12 \r\nx\n": 12, "": 0, "0": 0, "-1": 0, "x": 0, "12x": 0, strings.Repeat("9", 100): 0,
	} {
		name := filepath.Join(dir, "pid")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		pid, err := readPidFile(name)
		if pid != want || (err == nil) != (want > 0) {
			t.Errorf("%q: %d, %v, want %d", text, pid, err, want)
		}
		if text != "" && err != nil && len(text) > 1 && strings.Contains(err.Error(), text) {
			t.Errorf("the error tells what the file holds: %v", err)
		}
	}
	for _, name := range []string{dir, fifo, filepath.Join(dir, "none")} {
		if _, err := readPidFile(name); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}
