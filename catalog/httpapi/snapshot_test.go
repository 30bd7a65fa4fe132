package httpapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"muster/catalog"
	"muster/catalog/archive"
)

// fakeSnapshots restores into one state.
type fakeSnapshots struct {
	dir string

	mu       sync.Mutex
	state    *catalog.State
	restored int   // calls of Restore
	failure  error // of Restore, nil for none
}

func (f *fakeSnapshots) About() archive.About {
	return archive.About{Term: 4, Datacenter: "dc1", Node: "n1", Build: "1.0.0"}
}

func (f *fakeSnapshots) Spool() string { return f.dir }

func (f *fakeSnapshots) Restore(_ context.Context, state io.Reader) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.restored++
	if f.failure != nil {
		return f.failure
	}
	return f.state.Restore(state)
}

func (f *fakeSnapshots) calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.restored
}

// newSnapshotFixture returns a server whose state holds more than a plain request body may.
func newSnapshotFixture(t *testing.T) (*fixture, *fakeSnapshots) {
	t.Helper()
	snapshots := &fakeSnapshots{dir: t.TempDir()}
	f := newFixture(t, func(_ *Config, d *Deps) { d.Snapshots = snapshots })
	snapshots.state = f.state
	random := rand.NewChaCha8([32]byte{})
	for i := range 2 {
		value := make([]byte, catalog.MaxValueBytes)
		_, _ = random.Read(value)
		if _, err := f.consensus.Apply(t.Context(), &catalog.SetKey{Key: fmt.Appendf(nil, "k%d", i), Value: value}); err != nil {
			t.Fatal(err)
		}
	}
	return f, snapshots
}

// persisted is the fixture's state as bytes.
func (f *fixture) persisted() []byte {
	f.t.Helper()
	var b bytes.Buffer
	if err := f.state.Snapshot().Persist(&b); err != nil {
		f.t.Fatal(err)
	}
	return b.Bytes()
}

func TestSnapshotIsSentAndTakenBack(t *testing.T) {
	f, snapshots := newSnapshotFixture(t)
	before := f.persisted()
	r := f.do("GET", "/v1/snapshot", "", "Accept-Encoding: gzip")
	m, err := archive.Verify(strings.NewReader(r.body), nil)
	if r.status != 200 || err != nil || m.Index != 2 || m.Counts.Keys != 2 || m.Term != 4 || m.Node != "n1" || time.Since(m.Created).Abs() > time.Hour {
		t.Fatalf("%d, %v: %+v", r.status, err, m)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/x-gzip", "Content-Encoding": "", "X-Consul-Index": "2", "X-Consul-KnownLeader": "true", "X-Consul-LastContact": "0",
	} {
		if got := r.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if mode := f.consensus.lastRead(); mode != catalog.Consistent {
		t.Errorf("read in mode %v, want consistent", mode)
	}
	if r := f.do("GET", "/v1/snapshot?stale", ""); r.status != 200 || f.consensus.lastRead() != catalog.Stale || r.header.Get("X-Consul-LastContact") != "1500" {
		t.Errorf("stale: %d %v in mode %v", r.status, r.header, f.consensus.lastRead())
	}
	if r := f.do("HEAD", "/v1/snapshot", ""); r.status != 200 || r.body != "" || r.index() != "2" {
		t.Errorf("HEAD: %+v", r)
	}

	f.put("/v1/kv/later", "x")
	if len(r.body) <= maxBodyBytes {
		t.Fatalf("the archive has %d bytes, which any body may have", len(r.body))
	}
	if r := f.do("PUT", "/v1/snapshot", r.body); r.status != 200 || r.body != "" {
		t.Fatalf("restore: %+v", r)
	}
	if after := f.persisted(); !bytes.Equal(before, after) || snapshots.calls() != 1 {
		t.Errorf("restored %d times, to another state", snapshots.calls())
	}
}

func TestSnapshotsAreRefused(t *testing.T) {
	f, snapshots := newSnapshotFixture(t)
	good := f.get("/v1/snapshot")
	damaged := []byte(good)
	damaged[len(damaged)/2] ^= 1
	before := f.persisted()
	for _, tc := range []struct {
		what, body string
		headers    []string
		status     int
		why        string
	}{
		{what: "nothing", status: 400, why: "snapshot refused, nothing was changed: "},
		{what: "text", body: "hello", status: 400, why: "nothing was changed"},
		{what: "half of it", body: good[:len(good)/2], status: 400, why: "nothing was changed"},
		{what: "all but a byte", body: good[:len(good)-1], status: 400, why: "nothing was changed"},
		{what: "a damaged one", body: string(damaged), status: 400, why: "nothing was changed"},
		{what: "two", body: good + good, status: 400, why: "more data follows"},
		{what: "a foreign page", body: good, headers: []string{"Sec-Fetch-Site: cross-site"}, status: 403, why: "cross-site"},
		{what: "another host", body: good, headers: []string{"Host: evil.example"}, status: 421, why: "evil.example"},
	} {
		if r := f.do("PUT", "/v1/snapshot", tc.body, tc.headers...); r.status != tc.status || !strings.Contains(r.body, tc.why) {
			t.Errorf("%s: %d %s, want %d %s", tc.what, r.status, r.body, tc.status, tc.why)
		}
	}
	// Who promises more than he sends, or more than is taken.
	if status, _ := f.raw("PUT /v1/snapshot HTTP/1.1\r\nHost: n1\r\nContent-Length: 4294967297\r\n\r\n"); status != 413 {
		t.Errorf("a body over the limit: %d", status)
	}
	conn, err := net.Dial("tcp", f.Addrs()[0].String())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "PUT /v1/snapshot HTTP/1.1\r\nHost: n1\r\nContent-Length: %d\r\n\r\n%s", len(good)+1, good)
	_ = conn.Close()
	eventually(t, "the end of all PUTs, the cut one too", func() bool {
		return strings.Count(f.log.String(), "method=PUT route=/v1/snapshot status=") == 10
	})
	if r := f.do("POST", "/v1/snapshot", good); r.status != 405 || r.header.Get("Allow") != "GET, HEAD, PUT" {
		t.Errorf("POST: %+v", r)
	}
	if after := f.persisted(); !bytes.Equal(before, after) || snapshots.calls() != 0 {
		t.Errorf("after refusals alone, %d restores were begun", snapshots.calls())
	}
}

func TestSnapshotFailures(t *testing.T) {
	f, snapshots := newSnapshotFixture(t)
	good := f.get("/v1/snapshot")
	snapshots.failure = catalog.Errorf(catalog.Unavailable, "not the leader any more")
	if r := f.do("PUT", "/v1/snapshot", good); r.status != 503 || r.body != "not the leader any more" {
		t.Errorf("without a leader: %+v", r)
	}
	snapshots.dir = filepath.Join(snapshots.dir, "none")
	if r := f.do("PUT", "/v1/snapshot", good); r.status != 500 || r.body != internalText || !strings.Contains(f.log.String(), "none/muster-restore-") {
		t.Errorf("without a place to put it: %+v", r)
	}
	f.consensus.fail(catalog.Errorf(catalog.Unavailable, "no leader"))
	if r := f.do("GET", "/v1/snapshot", ""); r.status != 503 || r.body != "no leader" {
		t.Errorf("GET without a leader: %+v", r)
	}
	without := newFixture(t, nil)
	for _, method := range []string{"GET", "PUT"} {
		if r := without.do(method, "/v1/snapshot", good); r.status != 501 || r.body != errNoSnapshots.Error() {
			t.Errorf("%s where there are no snapshots: %+v", method, r)
		}
	}
}

// Client agents hold no keys, so they leave snapshots to a server, whatever their size.
func TestSnapshotsThroughAClientAgent(t *testing.T) {
	f, snapshots := newSnapshotFixture(t)
	c, ctx := newClientAgent(t, proxyTo(f)).ownClient(), t.Context()
	before := f.persisted()
	body, err := c.SaveSnapshot(ctx, ClientQuery{})
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(body)
	if err := errors.Join(err, body.Close()); err != nil {
		t.Fatal(err)
	}
	f.put("/v1/kv/later", "x")
	if err := c.RestoreSnapshot(ctx, bytes.NewReader(data[:len(data)-1]), int64(len(data)-1), ""); err == nil || !strings.Contains(err.Error(), "nothing was changed") {
		t.Errorf("a cut one: %v", err)
	}
	if err := c.RestoreSnapshot(ctx, bytes.NewReader(data), int64(len(data)), ""); err != nil || snapshots.calls() != 1 {
		t.Errorf("%v after %d restores", err, snapshots.calls())
	}
	if !bytes.Equal(before, f.persisted()) {
		t.Error("restored to another state")
	}
}

func TestSpool(t *testing.T) {
	dir := t.TempDir()
	for _, tc := range []struct {
		body io.Reader
		code catalog.Code
	}{
		{strings.NewReader("12345678"), ""},
		{strings.NewReader("123456789"), catalog.TooLarge},
		{io.MultiReader(strings.NewReader("1234"), brokenBody{}), catalog.Invalid},
	} {
		file, err := spool(dir, tc.body, 8)
		if catalog.CodeOf(err) != tc.code {
			t.Errorf("%v, want %q", err, tc.code)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
			t.Errorf("the directory lists %v, %v", left, err)
		}
		if err == nil {
			if text, err := io.ReadAll(file); err != nil || string(text) != "12345678" {
				t.Errorf("read back %q, %v", text, err)
			}
			_ = file.Close()
		}
	}
}

type brokenBody struct{}

func (brokenBody) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

func TestClientSnapshots(t *testing.T) {
	f, _ := newSnapshotFixture(t)
	c, ctx := f.ownClient(), t.Context()
	before := f.persisted()
	body, err := c.SaveSnapshot(ctx, ClientQuery{Stale: true})
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	if err := body.Close(); err != nil {
		t.Error(err)
	}
	f.put("/v1/kv/later", "x")
	if err := c.RestoreSnapshot(ctx, bytes.NewReader(data), int64(len(data)), ""); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, f.persisted()) {
		t.Error("restored to another state")
	}
	if err := c.RestoreSnapshot(ctx, strings.NewReader("hello"), 5, ""); err == nil || !strings.Contains(err.Error(), "400: snapshot refused") {
		t.Errorf("what is no snapshot: %v", err)
	}
	if err := c.RestoreSnapshot(ctx, bytes.NewReader(data), int64(len(data)), "dc2"); err == nil || !strings.Contains(err.Error(), "No path to datacenter") {
		t.Errorf("another datacenter: %v", err)
	}
	if err := c.RestoreSnapshot(ctx, brokenBody{}, 100, ""); err == nil || !strings.Contains(err.Error(), "connection reset") {
		t.Errorf("a file that cannot be read: %v", err)
	}
	if _, err := c.SaveSnapshot(ctx, ClientQuery{Datacenter: "dc2"}); err == nil {
		t.Error("another datacenter was saved")
	}
}

// A stream that is cut, or stands still, is a failure and no snapshot.
func TestClientSnapshotStreamsThatFail(t *testing.T) {
	silent := make(chan struct{})
	c := clientTo(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "half of it")
		_ = http.NewResponseController(w).Flush()
		if r.URL.Query().Get("dc") == "cut" {
			panic(http.ErrAbortHandler)
		}
		<-silent
	}, func(cfg *ClientConfig) { cfg.Timeout = 300 * time.Millisecond })
	t.Cleanup(func() { close(silent) })
	for dc, why := range map[string]string{"cut": "unexpected EOF", "still": "nothing moved for 300ms"} {
		body, err := c.SaveSnapshot(t.Context(), ClientQuery{Datacenter: dc})
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(body)
		if err == nil || !strings.Contains(err.Error(), why) || string(text) != "half of it" {
			t.Errorf("%s: %q, %v", dc, text, err)
		}
		_ = body.Close()
	}
}
