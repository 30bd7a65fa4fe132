package view

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"muster/catalog"
)

const (
	manyInstances = 100_000
	// followAddress names the variable that makes this binary a follower, whose memory is its own.
	followAddress = "MUSTER_TEST_FOLLOW"
)

// serveTCP feeds whoever connects to a loopback address.
func serveTCP(t testing.TB, src Source) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer c.Close()
				var head [8]byte
				if _, err := io.ReadFull(c, head[:]); err == nil {
					_ = Serve(ctx, c, src, 0)
				}
			})
		}
	})
	t.Cleanup(func() {
		cancel()
		l.Close()
		serving.Wait()
	})
	return l.Addr().String()
}

func dialing(addr string) func(ctx context.Context, since uint64) (io.ReadCloser, error) {
	return func(ctx context.Context, _ uint64) (io.ReadCloser, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
		if err != nil {
			return nil, err
		}
		_, err = c.Write(make([]byte, 8))
		return c, err
	}
}

// followTCP runs a View of an address until the test ends.
func followTCP(t testing.TB, addr, file string) *View {
	v, err := New(Config{Open: dialing(addr), File: file, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { v.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	return v
}

func awaitIndex(t testing.TB, v *View, index uint64) {
	late := time.After(time.Minute)
	for v.State().Applied() < index {
		select {
		case <-v.State().Reached(index):
		case <-late:
			t.Fatalf("at %d, not at %d, after a minute", v.State().Applied(), index)
		}
	}
}

// BenchmarkFirstSync brings new Views to 100,000 instances over loopback.
func BenchmarkFirstSync(b *testing.B) {
	s := newServer("a", filled(b, manyInstances))
	addr := serveTCP(b, s.source())
	for _, count := range []int{1, 8} {
		b.Run(fmt.Sprintf("followers=%d", count), func(b *testing.B) {
			for b.Loop() {
				began := time.Now()
				views := make([]*View, count)
				for i := range views {
					views[i] = followTCP(b, addr, "")
				}
				for _, v := range views {
					awaitIndex(b, v, s.state.Applied())
				}
				b.ReportMetric(time.Since(began).Seconds(), "s/sync")
			}
		})
	}
}

// BenchmarkMemory reports what a View of 100,000 instances takes, with its copy on disk, in a process of its own.
func BenchmarkMemory(b *testing.B) {
	s := newServer("a", filled(b, manyInstances))
	addr := serveTCP(b, s.source())
	for b.Loop() {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), followAddress+"="+addr)
		out, err := cmd.CombinedOutput()
		if err != nil {
			b.Fatalf("%v: %s", err, out)
		}
		for pair := range strings.FieldsSeq(string(out)) {
			name, value, _ := strings.Cut(pair, "=")
			bytes, err := strconv.ParseFloat(value, 64)
			if err != nil {
				b.Fatalf("%s: %v", out, err)
			}
			b.ReportMetric(bytes/manyInstances, name+"-B/instance")
		}
	}
}

// reportMemory is the follower's side of BenchmarkMemory.
func reportMemory(addr string) error {
	dir, err := os.MkdirTemp("", "view")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	v, err := New(Config{Open: dialing(addr), File: filepath.Join(dir, "view"), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*saveEvery)
	defer cancel()
	v.Run(ctx)
	if n := v.State().Snapshot().Counts().Instances; n != manyInstances {
		return fmt.Errorf("%d instances came", n)
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(status)) {
		if f := strings.Fields(line); len(f) == 3 && (f[0] == "VmRSS:" || f[0] == "VmHWM:") {
			fmt.Printf("%s=%s000 ", strings.ToLower(strings.Trim(f[0], ":")), f[1])
		}
	}
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	fmt.Printf("heap=%d\n", m.HeapAlloc)
	runtime.KeepAlive(v)
	return nil
}

// BenchmarkChange measures a change from Apply at the source to the rows of the last of its Views, over loopback.
func BenchmarkChange(b *testing.B) {
	for _, followers := range []int{1, 10} {
		b.Run(fmt.Sprintf("followers=%d", followers), func(b *testing.B) {
			s := newServer("a", filled(b, 10_000))
			addr := serveTCP(b, s.source())
			views := make([]*View, followers)
			for i := range views {
				views[i] = followTCP(b, addr, "")
				awaitIndex(b, views[i], s.state.Applied())
			}
			var took []time.Duration
			pace := time.NewTicker(7 * time.Millisecond) // the line is idle each time, as in calm weather
			defer pace.Stop()
			for i := 0; b.Loop(); i++ {
				<-pace.C
				c := registration(i % 10_000)
				began := time.Now()
				add(b, s.state, &catalog.SetStatus{
					Node: c.Node.Name, CheckID: c.Checks[0].ID, Status: []catalog.Status{catalog.Critical, catalog.Passing}[i/10_000%2],
				})
				for _, v := range views {
					awaitIndex(b, v, s.state.Applied())
				}
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
		})
	}
}
