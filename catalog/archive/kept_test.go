package archive

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestNewest(t *testing.T) {
	dir := t.TempDir()
	if index, made, err := Newest(dir); err != nil || index != 0 || !made.IsZero() {
		t.Errorf("of an empty directory: %d, %v, %v", index, made, err)
	}
	for _, name := range []string{"muster-9-20260101T000000Z.snap", "muster-12-20260102T000000Z.snap", "muster-10-20260101T120000Z.snap", "mine.snap"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if index, made, err := Newest(dir); err != nil || index != 12 || !made.Equal(time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%d, %v, %v", index, made, err)
	}
	if _, _, err := Newest(filepath.Join(dir, "none")); err == nil {
		t.Error("a directory that is not there has a snapshot")
	}
}
