package archive

import (
	"bytes"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"testing"

	"muster/catalog"
)

func TestRoundTrip(t *testing.T) {
	for name, state := range map[string]*catalog.State{"empty": catalog.New(), "filled": sample(t)} {
		var b bytes.Buffer
		wrote, err := Write(&b, state.Snapshot(), about)
		if err != nil {
			t.Fatal(err)
		}
		data := b.Bytes()
		rows := 0
		m, err := Verify(bytes.NewReader(data), func(catalog.Row) { rows++ })
		if err != nil || m != wrote {
			t.Errorf("%s: %v, read %+v, wrote %+v", name, err, m, wrote)
		}
		if !m.Created.Equal(about.Created) || m.Index != state.Applied() || m.Counts != state.Snapshot().Counts() || m.Term != 3 || m.Datacenter != "dc1" {
			t.Errorf("%s: %+v", name, m)
		}
		if c := m.Counts; rows < c.Nodes+c.Instances+c.Checks+c.Keys {
			t.Errorf("%s: %d rows were shown of %+v", name, rows, c)
		}
		again := catalog.New()
		_, stream, err := Open(bytes.NewReader(data))
		if err == nil {
			err = again.Restore(stream)
		}
		if err != nil || !bytes.Equal(persisted(t, again), persisted(t, state)) || again.Applied() != state.Applied() {
			t.Errorf("%s: %v, restored to another state", name, err)
		}
	}
}

// The tools that everyone has open an archive and find its sums right.
func TestForeignToolsReadIt(t *testing.T) {
	for _, tool := range []string{"tar", "sha256sum"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(err)
		}
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "a.snap")
	if _, err := Save(path, bytes.NewReader(archived(t, sample(t)))); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"tar", "-xzf", path}, {"sha256sum", "-c", "--strict", "SHA256SUMS"}} {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
	}
}

// full takes so many bytes, like a disk.
type full struct{ left int }

func (f *full) Write(b []byte) (int, error) {
	if len(b) > f.left {
		return f.left, errNoSpace
	}
	f.left -= len(b)
	return len(b), nil
}

var errNoSpace = errors.New("no space left")

func TestWriteTellsOfFullDisks(t *testing.T) {
	s := sample(t)
	for room := range len(archived(t, s)) {
		if _, err := Write(&full{room}, s.Snapshot(), about); !errors.Is(err, errNoSpace) {
			t.Fatalf("room for %d bytes: %v", room, err)
		}
	}
	if _, err := Write(io.Discard, s.Snapshot(), about); err != nil {
		t.Fatal(err)
	}
}
