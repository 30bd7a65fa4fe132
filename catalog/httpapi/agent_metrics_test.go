package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"muster/metrics"
)

// kvCounter finds what the counter of KV reads that were answered with 404 says.
func kvCounter(t *testing.T, m *AgentMetrics) AgentSamples {
	t.Helper()
	for _, c := range m.Counters {
		if c.Name == "muster_http_requests_total" && c.Labels["route"] == "/v1/kv/{key}" && c.Labels["code"] == "404" {
			return c
		}
	}
	t.Fatal("no counter of KV reads")
	return AgentSamples{}
}

func TestMetricsIntervals(t *testing.T) {
	r := metrics.New(metrics.Build{})
	r.HTTP.Route("/v1/kv/{key}")
	serve := func(n int) {
		for range n {
			r.HTTP.Started()
			r.HTTP.Served("/v1/kv/{key}", 404, time.Millisecond, false)
		}
	}
	start := time.Date(2026, 11, 1, 13, 0, 0, 0, time.FixedZone("CET", 3600))
	i := newIntervals(r, start)
	for _, c := range []struct {
		before int           // requests before it is asked
		at     time.Duration // since the start
		want   uint64
		rate   float64
		began  string
	}{
		{20, 2 * time.Second, 20, 10, "2026-11-01 12:00:00 +0000 UTC"},
		{5, 6 * time.Second, 20, 10, "2026-11-01 12:00:00 +0000 UTC"}, // too soon: as before
		{5, 12 * time.Second, 10, 1, "2026-11-01 12:00:02 +0000 UTC"},
		{0, 60 * time.Second, 0, 0, "2026-11-01 12:00:12 +0000 UTC"},
	} {
		serve(c.before)
		m, err := i.show(start.Add(c.at))
		if err != nil {
			t.Fatal(err)
		}
		got := kvCounter(t, m)
		if got.Count != c.want || got.Sum != float64(c.want) || got.Rate != c.rate || m.Timestamp != c.began {
			t.Errorf("after %v: %+v of %s, want %+v", c.at, got, m.Timestamp, c)
		}
		if one := float64(min(c.want, 1)); got.Min != one || got.Max != one || got.Mean != one || got.Stddev != 0 {
			t.Errorf("after %v: %+v", c.at, got)
		}
	}
}

// pipe is a client that reads a stream line by line.
type pipe struct {
	header http.Header
	lines  chan string
	opened chan struct{} // closed by the first flush
}

func (p *pipe) Header() http.Header              { return p.header }
func (p *pipe) WriteHeader(int)                  {}
func (p *pipe) SetWriteDeadline(time.Time) error { return nil }
func (p *pipe) Write(b []byte) (int, error) {
	p.lines <- string(b)
	return len(b), nil
}

func (p *pipe) Flush() {
	select {
	case <-p.opened:
	default:
		close(p.opened)
	}
}

func TestMetricsStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := metrics.New(metrics.Build{})
		r.HTTP.Route("/v1/kv/{key}")
		serve := func(n int) {
			for range n {
				r.HTTP.Started()
				r.HTTP.Served("/v1/kv/{key}", 404, time.Millisecond, false)
			}
		}
		s := &Server{deps: Deps{Series: r}, closing: make(chan struct{})}
		ctx, cancel := context.WithCancel(t.Context())
		req, err := http.NewRequestWithContext(ctx, "GET", "/v1/agent/metrics/stream", nil)
		if err != nil {
			t.Fatal(err)
		}
		p := &pipe{header: http.Header{}, lines: make(chan string), opened: make(chan struct{})}
		ended := make(chan struct{})
		serve(100) // before anybody looks
		go func() {
			defer close(ended)
			s.streamMetrics(p, req)
		}()
		<-p.opened // at once: the client sees that it is connected
		began := time.Now()
		for n, add := range []int{3, 0, 50} {
			serve(add)
			line := <-p.lines
			if since := time.Since(began); since != time.Duration(n+1)*metricsInterval {
				t.Errorf("line %d after %v", n, since)
			}
			var m AgentMetrics
			if err := json.Unmarshal([]byte(line), &m); err != nil || strings.Count(line, "\n") != 1 {
				t.Fatalf("%v: %.200s", err, line)
			}
			if got := kvCounter(t, &m); got.Count != uint64(add) || got.Rate != float64(add)/10 {
				t.Errorf("line %d: %+v", n, got)
			}
		}
		cancel()
		<-ended
	})
}

func TestMetricsStreamEndsWithTheServer(t *testing.T) {
	f, _ := newAgentFixture(t)
	req, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+f.Addrs()[0].String()+"/v1/agent/metrics/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := f.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if n, err := res.Body.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("read %d, %v", n, err)
	}
	if r := f.metrics; r == nil || res.StatusCode != 200 || res.Header.Get("Content-Type") != "application/json" {
		t.Errorf("status %d, type %q", res.StatusCode, res.Header.Get("Content-Type"))
	}
}
