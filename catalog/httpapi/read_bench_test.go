package httpapi

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"muster/catalog"
	"muster/metrics"
)

// waiters are clients that each wait for a change on a connection of their own. They
// are bare connections, so that what grows is the server's.
type waiters struct {
	conns []net.Conn
}

// hold has n clients wait for the paths in turn, and returns when all of them wait.
func hold(t testing.TB, s *Server, reads func() int, n int, path func(i int) string) *waiters {
	t.Helper()
	w := &waiters{}
	before := reads()
	for i := range n {
		conn, err := net.Dial("tcp", s.Addrs()[0].String())
		if err != nil {
			t.Fatal(err)
		}
		w.conns = append(w.conns, conn)
		if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path(i)); err != nil {
			t.Fatal(err)
		}
	}
	for end := time.Now().Add(patience); reads()-before < n; runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("only %d of %d wait", reads()-before, n)
		}
	}
	return w
}

// woken reads the answer of every waiter, which must be a 200 with a new index.
func (w *waiters) woken(t testing.TB) {
	t.Helper()
	for _, conn := range w.conns {
		if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		res, err := http.ReadResponse(bufio.NewReaderSize(conn, 1<<10), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != 200 || res.Header.Get("X-Consul-Index") == "1" {
			t.Fatalf("%d, index %s, %v", res.StatusCode, res.Header.Get("X-Consul-Index"), err)
		}
	}
}

func (w *waiters) leave() {
	for _, conn := range w.conns {
		_ = conn.Close()
	}
}

// BenchmarkBlockingReads has 10,000 clients wait at once, all for one key or each for
// its own, and tells what one of them costs the process and how long it takes from the
// command until all of them have their answer. One round is one waking of all. Where a
// process may have no more than 20,000 files open, they are a few less.
func BenchmarkBlockingReads(b *testing.B) {
	n := 10_000
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		b.Fatal(err)
	}
	n = min(n, (int(files.Cur)-100)/2) // each end of a connection is one
	for name, path := range map[string]func(int) string{
		"one key":    func(int) string { return "/v1/kv/a?index=1&wait=10m" },
		"a key each": func(i int) string { return fmt.Sprintf("/v1/kv/a%d?index=1&wait=10m", i) },
		"a service":  func(int) string { return "/v1/health/service/web?index=1&wait=10m" },
	} {
		b.Run(name, func(b *testing.B) {
			var heap, stack, goroutines, wake float64
			for b.Loop() {
				b.StopTimer()
				state := catalog.New()
				c := &fakeConsensus{state: state}
				s := benchServer(b, state, c)
				if _, err := c.Apply(b.Context(), &catalog.SetKey{Key: []byte("other")}); err != nil { // from here on indexes are past 1
					b.Fatal(err)
				}
				was, before := measure()
				w := hold(b, s, c.readCount, n, path)
				is, after := measure()
				heap += (float64(is.HeapAlloc) - float64(was.HeapAlloc)) / float64(n)
				stack += (float64(is.StackInuse) - float64(was.StackInuse)) / float64(n)
				goroutines += float64(after-before) / float64(n)
				b.StartTimer()
				start := time.Now()
				wakeAll(b, c, n)
				w.woken(b)
				wake += time.Since(start).Seconds()
				b.StopTimer()
				w.leave()
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
			rounds := float64(b.N)
			b.ReportMetric(float64(n), "waiters")
			b.ReportMetric(heap/rounds, "heap-B/waiter")
			b.ReportMetric(stack/rounds, "stack-B/waiter")
			b.ReportMetric(goroutines/rounds, "goroutines/waiter")
			b.ReportMetric(wake/rounds*1000, "ms/wake-all")
		})
	}
}

// wakeAll changes, in one command, what everybody waits for.
func wakeAll(b *testing.B, c *fakeConsensus, n int) {
	b.Helper()
	all := &catalog.Batch{Commands: []catalog.Command{
		&catalog.SetKey{Key: []byte("a")},
		&catalog.Register{Node: catalog.Node{Name: "n1", Address: "10.0.0.1"}, Instance: &catalog.Instance{ID: "web", Name: "web"}},
	}}
	for i := range n {
		all.Commands = append(all.Commands, &catalog.SetKey{Key: fmt.Appendf(nil, "a%d", i)})
	}
	if _, err := c.Apply(b.Context(), all); err != nil {
		b.Fatal(err)
	}
}

func benchServer(b *testing.B, state *catalog.State, c Consensus) *Server {
	b.Helper()
	m := metrics.New(metrics.Build{})
	s, err := New(Config{Addresses: []string{"127.0.0.1:0"}, Datacenter: "dc1", Node: "n1", MaxConnsPerClient: -1}, Deps{
		State: state, Consensus: c, Ready: func() bool { return true }, Metrics: m.HTTP, MetricsHandler: m.Handler(), Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.Fatal(err)
	}
	s.Start()
	return s
}

func measure() (runtime.MemStats, int) {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m, runtime.NumGoroutine()
}

// TestNothingIsLeftOfWaiters: when clients that wait go away, so does all that they cost.
func TestNothingIsLeftOfWaiters(t *testing.T) {
	f := newFixture(t, func(c *Config, _ *Deps) { c.MaxConnsPerClient = -1 })
	twoWebs(f)
	f.client.CloseIdleConnections()
	goroutines := runtime.NumGoroutine()
	paths := []string{"/v1/kv/a", "/v1/kv/p?recurse", "/v1/catalog/nodes", "/v1/health/service/web", "/v1/health/state/any", "/v1/catalog/node/n1", "/v1/event/list", "/v1/query", "/v1/session/list", "/v1/coordinate/nodes"}
	w := hold(t, f.Server, f.consensus.readCount, 400, func(i int) string { return paths[i%len(paths)] + "?index=1000&wait=10m" })
	if each := float64(runtime.NumGoroutine()-goroutines) / 400; each > 2.1 { // net/http's two: one serves, one sees the client go
		t.Errorf("%.1f goroutines for each that waits", each)
	}
	w.leave()
	eventually(t, "end of all goroutines", func() bool { return runtime.NumGoroutine() <= goroutines })
	eventually(t, "end of all requests but this", func() bool { return strings.Contains(f.metricsText(), "muster_http_requests_in_flight 1\n") })
}
