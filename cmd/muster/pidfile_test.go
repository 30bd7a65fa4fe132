package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestPIDFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "muster.pid")
	f := pidFile(path)
	for _, before := range []string{"", "99999999\n"} {
		if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(f.write(), f.remove(), f.remove()); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("the file is still there: %v", err)
		}
	}
	if err := os.WriteFile(path, []byte("1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.remove(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("another's file went: %v", err)
	}
	if err := pidFile(filepath.Join(path, "below")).write(); err == nil {
		t.Error("writing below a file succeeded")
	}
	if err := errors.Join(pidFile("").write(), pidFile("").remove()); err != nil {
		t.Error(err)
	}
}
