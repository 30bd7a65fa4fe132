package archive

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"muster/catalog"
)

func TestSaveReplacesWholeOrNotAtAll(t *testing.T) {
	s := sample(t)
	old := archived(t, s)
	apply(t, s, &catalog.SetKey{Key: []byte("new")})
	fresh := archived(t, s)
	path := filepath.Join(t.TempDir(), "a.snap")
	for _, tc := range []struct {
		what        string
		data, after []byte
	}{
		{"nothing", nil, nil},
		{"damaged, no file yet", fresh[:len(fresh)-1], nil},
		{"first", old, old},
		{"damaged", fresh[:len(fresh)/2], old},
		{"more than it", append(bytes.Clone(fresh), 1), old},
		{"second", fresh, fresh},
	} {
		m, err := Save(path, bytes.NewReader(tc.data))
		if saved := bytes.Equal(tc.data, tc.after) && tc.after != nil; saved != (err == nil) || saved != (m.Format == Format) {
			t.Errorf("%s: %+v, %v", tc.what, m, err)
		}
		if got, _ := os.ReadFile(path); !bytes.Equal(got, tc.after) {
			t.Errorf("%s: the file holds something else", tc.what)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}
