package archive

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"muster/catalog"
)

// refused checks that nothing gets through, neither for Verify nor for a state that restores at once.
func refused(t testing.TB, what string, data []byte) error {
	t.Helper()
	m, err := Verify(bytes.NewReader(data), nil)
	if err == nil || m != (Meta{}) {
		t.Errorf("%s: verified as %+v, %v", what, m, err)
	}
	return err
}

// harmless reports whether an altered archive is refused or says what the original says.
// Some bits of gzip carry nothing: the time in its header, say, or which one of two equal strings is repeated.
func harmless(t testing.TB, data []byte, original Meta, state []byte) (refused, harmless bool) {
	t.Helper()
	m, err := Verify(bytes.NewReader(data), nil)
	if err != nil {
		return true, true
	}
	_, stream, err := Open(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(stream)
	return false, err == nil && m == original && bytes.Equal(got, state)
}

func TestCutArchivesAreRefused(t *testing.T) {
	good := archived(t, sample(t))
	for n := range good {
		refused(t, "cut short", good[:n])
	}
	refused(t, "a byte more", append(bytes.Clone(good), 0))
	refused(t, "twice", append(bytes.Clone(good), good...))
}

func TestDamagedArchivesAreRefused(t *testing.T) {
	s := sample(t)
	good, state := archived(t, s), persisted(t, s)
	original, err := Verify(bytes.NewReader(good), nil)
	if err != nil {
		t.Fatal(err)
	}
	taken := 0
	for i := range good {
		for _, flip := range []byte{0x01, 0x10, 0x80, 0xff} {
			bad := bytes.Clone(good)
			bad[i] ^= flip
			refused, harmless := harmless(t, bad, original, state)
			if !harmless {
				t.Fatalf("byte %d, bits %#x: something else was read", i, flip)
			}
			if !refused {
				taken++
			}
		}
	}
	if tests := 4 * len(good); taken > tests/20 {
		t.Errorf("%d of %d damages went unnoticed, if without consequence", taken, tests)
	}
}

func TestMangledArchivesAreRefused(t *testing.T) {
	s := sample(t)
	good, state := archived(t, s), persisted(t, s)
	plain := unzipped(t, good)
	original, err := Verify(bytes.NewReader(good), nil)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(r *rapid.T) {
		// Below gzip, so that its own sum is right and only ours can tell.
		bad := bytes.Clone(plain)
		at := rapid.IntRange(0, len(bad)-1)
		for range rapid.IntRange(1, 4).Draw(r, "cuts") {
			from, to, n := at.Draw(r, "from"), at.Draw(r, "to"), rapid.IntRange(1, 600).Draw(r, "length")
			switch rapid.IntRange(0, 2).Draw(r, "how") {
			case 0:
				bad[to%len(bad)] ^= byte(n | 1)
			case 1:
				copy(bad[to%len(bad):], plain[from:min(from+n, len(plain))])
			case 2:
				bad = append(bad[:to%len(bad)], bad[min(to%len(bad)+n, len(bad)-1):]...)
			}
		}
		if _, ok := harmless(t, gzipped(t, bad), original, state); !ok {
			r.Fatal("something else was read")
		}
	})
}

func unzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	a, err := open(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.unzipped.Reset(bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(a.unzipped)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

func TestForeignArchivesAreRefused(t *testing.T) {
	s := sample(t)
	state := persisted(t, s)
	var meta Meta
	a, err := open(bytes.NewReader(archived(t, s)))
	if err != nil {
		t.Fatal(err)
	}
	meta = a.meta
	adjusted := func(adjust func(*Meta)) []byte {
		m := meta
		adjust(&m)
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	text := adjusted(func(*Meta) {})
	whole := func(meta, state []byte) []part {
		sum := newTally(io.Discard)
		_, _ = sum.Write(state)
		return []part{file(metaName, meta), file(stateName, state), file(sumsName, sums(meta, sum.text()))}
	}
	odd := func(adjust func(*tar.Header)) part {
		p := file(metaName, text)
		adjust(p.Header)
		if p.Typeflag != tar.TypeReg {
			p.Size, p.content = 0, nil
		}
		return p
	}
	good := whole(text, state)
	if _, err := Verify(bytes.NewReader(gzipped(t, tarred(t, good...))), nil); err != nil {
		t.Fatalf("a good archive was refused: %v", err)
	}
	damaged := bytes.Replace(state, []byte(`"web"`), []byte(`"wet"`), 1)
	longer := append(bytes.Clone(state), "more"...)
	meta.StateBytes = int64(len(longer))
	for _, tc := range []struct {
		what  string
		parts []part
		why   string
	}{
		{"no member", nil, "meta.json is missing"},
		{"another archive", []part{file("home/me/.profile", []byte("x"))}, `"home/me/.profile" stands where meta.json belongs`},
		{"no state", good[:1], "state.bin is missing"},
		{"no sums", good[:2], "SHA256SUMS is missing"},
		{"another order", []part{good[1], good[0], good[2]}, `"state.bin" stands where meta.json belongs`},
		{"a member twice", []part{good[0], good[0], good[1], good[2]}, `"meta.json" stands where state.bin belongs`},
		{"a member more", append(good[:3:3], file("run.sh", []byte("x"))), `"run.sh" stands where the archive should end`},
		{"a link", []part{odd(func(h *tar.Header) { h.Typeflag, h.Linkname = tar.TypeSymlink, "/etc/passwd" })}, "not a plain file"},
		{"a directory", []part{odd(func(h *tar.Header) { h.Typeflag = tar.TypeDir })}, "meta.json"},
		{"another form of tar", []part{odd(func(h *tar.Header) { h.Format, h.PAXRecords = tar.FormatPAX, map[string]string{"MUSTER.x": "y"} })}, "not a plain file"},
		{"meta that is no JSON", whole([]byte("{"), state), "meta.json: unexpected end of JSON"},
		{"meta without limits", whole(bytes.Repeat([]byte(" "), maxMetaBytes+1), state), "the limit is 65536"},
		{"sums without limits", []part{good[0], good[1], file(sumsName, make([]byte, maxSumsBytes+1))}, "the limit is 1024"},
		{"Consul's", whole([]byte(`{"Version":1,"ID":"2-5-1477944140022","Index":5,"Term":2,"Size":667}`), state), "one of Consul's cannot be read"},
		{"a later version", whole(adjusted(func(m *Meta) { m.Version++ }), state), "version 2 of the format, this build reads version 1"},
		{"another index", whole(adjusted(func(m *Meta) { m.Index++; m.StateBytes = int64(len(state)) }), state), "says index 7, the state is at 6"},
		{"other counts", whole(adjusted(func(m *Meta) { m.Counts.Keys--; m.StateBytes = int64(len(state)) }), state), "counts"},
		{"another size", whole(text, longer), "state.bin: "},
		{"a negative size", whole(adjusted(func(m *Meta) { m.StateBytes = -1 }), state), "the limit is"},
		{"more behind the state", whole(adjusted(func(*Meta) {}), longer), "more data follows"},
		{"damage that its sums hide", whole(text, damaged), "checksum does not match"},
		{"damage that its sums show", []part{good[0], file(stateName, damaged), good[2]}, ""},
		{"sums of something else", []part{good[0], good[1], file(sumsName, sums([]byte("x"), "y"))}, "the checksums do not match"},
	} {
		err := refused(t, tc.what, gzipped(t, tarred(t, tc.parts...)))
		if err != nil && !strings.Contains(err.Error(), tc.why) {
			t.Errorf("%s: %v, want %q", tc.what, err, tc.why)
		}
	}
	for what, data := range map[string][]byte{
		"nothing": nil, "text": []byte("hello, this is not a snapshot at all"), "a bare state": state, "bare tar": tarred(t, good...),
		"gzip of something": gzipped(t, []byte("hello")), "more within gzip": gzipped(t, tarred(t, good...), []byte{0}),
		"a second gzip member": append(gzipped(t, tarred(t, good...)), gzipped(t)...),
	} {
		refused(t, what, data)
	}
}

// A small file that unpacks to a large one is seen through before it has unpacked.
func TestBombsAreRefused(t *testing.T) {
	m := Meta{Format: Format, Version: Version, StateBytes: 1 << 30}
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	meta := tarred(t, file(metaName, text))
	meta = meta[:len(meta)-1024] // without the end of the archive
	for what, parts := range map[string][]part{
		"zeros":                  {{Header: header(stateName, m, 1<<30)}},
		"a state over the limit": {{Header: &tar.Header{Name: stateName, Size: MaxStateBytes + 1, Typeflag: tar.TypeReg}}},
		"a state under another":  {{Header: header("state", m, 1<<30)}},
		// The length of a row alone must not take memory.
		"a row without limits": {{header(stateName, m, 1<<30), []byte("muster\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x01\xff\xff\xff\xff")}},
	} {
		reader, writer := io.Pipe()
		unpacked := make(chan int)
		go func() {
			z := gzip.NewWriter(writer)
			w := tar.NewWriter(z)
			_, _ = z.Write(meta)
			_ = w.WriteHeader(parts[0].Header)
			n, _ := w.Write(parts[0].content)
			zeros := make([]byte, 64<<10)
			for {
				written, err := w.Write(zeros)
				if n += written; err != nil {
					unpacked <- n
					return
				}
			}
		}()
		_, err := Verify(reader, nil)
		_ = reader.Close()
		if n := <-unpacked; err == nil || n > 128<<20 {
			t.Errorf("%s: %v after %d bytes", what, err, n)
		}
	}
}

func FuzzVerify(f *testing.F) {
	good := archived(f, sample(f))
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add(gzipped(f, []byte("hello")))
	f.Add(unzipped(f, good))
	f.Fuzz(func(t *testing.T, data []byte) {
		if !bytes.HasPrefix(data, good[:2]) {
			data = gzipped(t, data) // to get past gzip's own sum
		}
		m, err := Verify(bytes.NewReader(data), nil)
		if err != nil {
			return
		}
		// What was verified can be restored, by whoever reads it again, and is what it says.
		_, stream, err := Open(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		s := catalog.New()
		if err := s.Restore(stream); err != nil || s.Applied() != m.Index || s.Snapshot().Counts() != m.Counts {
			t.Fatalf("%v: restored to %d of %+v", err, s.Applied(), m)
		}
	})
}
