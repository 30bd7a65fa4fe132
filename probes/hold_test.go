package probes

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/health"

	"muster/catalog"
)

// rack is a listener whose connections can be ended from outside.
type rack struct {
	net.Listener
	mu    sync.Mutex
	conns []net.Conn
}

func (r *rack) Accept() (net.Conn, error) {
	c, err := r.Listener.Accept()
	if err == nil {
		r.mu.Lock()
		r.conns = append(r.conns, c)
		r.mu.Unlock()
	}
	return c, err
}

// accepted is how many connections there were.
func (r *rack) accepted() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.conns)
}

// crash is the end of a process: the listener goes, then all connections, by FIN or RST.
func (r *rack) crash(reset bool) {
	r.Listener.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.conns {
		if reset {
			c.(*net.TCPConn).SetLinger(0)
		}
		c.Close()
	}
}

func newRack(t *testing.T) *rack {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &rack{Listener: l}
	t.Cleanup(func() { r.crash(false) })
	return r
}

// accept serves connections by doing nothing with them.
func accept(t *testing.T, r *rack) {
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			if _, err := r.Accept(); err != nil {
				return
			}
		}
	})
	t.Cleanup(func() { r.Close(); wg.Wait() })
}

func serveHTTPAt(t *testing.T, r *rack, tls bool) *httptest.Server {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.Listener.Close()
	s.Listener = r
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	if tls {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s
}

func TestHoldDropsAtOnce(t *testing.T) {
	for _, c := range []struct {
		name  string
		serve func(t *testing.T, r *rack) // on the rack
		def   func(at string) catalog.CheckDefinition
	}{
		{"tcp", accept, func(at string) catalog.CheckDefinition { return catalog.CheckDefinition{TCP: at} }},
		{"tcp with TLS", func(t *testing.T, r *rack) { serveHTTPAt(t, r, true) },
			func(at string) catalog.CheckDefinition {
				return catalog.CheckDefinition{TCP: at, TCPUseTLS: true, TLSSkipVerify: true}
			}},
		{"http", func(t *testing.T, r *rack) { serveHTTPAt(t, r, false) },
			func(at string) catalog.CheckDefinition { return catalog.CheckDefinition{HTTP: "http://" + at} }},
		{"https", func(t *testing.T, r *rack) { serveHTTPAt(t, r, true) },
			func(at string) catalog.CheckDefinition {
				return catalog.CheckDefinition{HTTP: "https://" + at, TLSSkipVerify: true}
			}},
		{"grpc", func(t *testing.T, r *rack) { serveGRPCAt(t, r, health.NewServer()) },
			func(at string) catalog.CheckDefinition { return catalog.CheckDefinition{GRPC: at} }},
	} {
		for _, reset := range []bool{false, true} {
			t.Run(c.name+map[bool]string{false: ", FIN", true: ", RST"}[reset], func(t *testing.T) {
				t.Parallel()
				r := newRack(t)
				c.serve(t, r)
				o := &owner{}
				run := newRunner(t, o, nil, func(cfg *Config) { cfg.FirstWithin = time.Millisecond })
				def := c.def(r.Addr().String())
				def.ID, def.Interval, def.Hold = "c", time.Hour, true
				run.Reconcile([]catalog.CheckDefinition{def}, nil)
				eventually(t, "a probe and a connection on hold", func() bool { return r.accepted() >= 2 })
				if got := o.statuses(); got != "passing" {
					t.Fatalf("heard %q", got)
				}
				r.crash(reset)
				eventually(t, "critical, an hour early", func() bool { return strings.HasSuffix(o.statuses(), "critical") })
				run.Close()
			})
		}
	}
}

// A target that is well, whatever it does with connections that idle, is neither
// failed nor probed all the time.
func TestHoldOfTargetsThatDoNotHold(t *testing.T) {
	for _, c := range []struct {
		name  string
		serve func(*net.TCPConn)
	}{
		{"hangs up", func(*net.TCPConn) {}},
		{"talks", func(c *net.TCPConn) {
			for _, err := io.WriteString(c, "x"); err == nil; {
				_, err = io.WriteString(c, strings.Repeat("x", 1000))
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var accepted atomic.Int64
			at := listen(t, func(conn *net.TCPConn) {
				accepted.Add(1)
				c.serve(conn)
			})
			o := &owner{}
			run := newRunner(t, o, nil, func(cfg *Config) { cfg.FirstWithin = time.Millisecond })
			run.Reconcile([]catalog.CheckDefinition{{ID: "c", TCP: at, Interval: 100 * time.Millisecond, Hold: true}}, nil)
			eventually(t, "held twice and given a pause", func() bool { return accepted.Load() >= 20 })
			run.Close()
			got := o.take()
			for _, s := range got {
				if s.status != catalog.Passing {
					t.Errorf("reported %v", s)
				}
			}
			// Half a connection on hold for each probe would be a hold at every interval.
			if held := int(accepted.Load()) - len(got); held > len(got)/2 {
				t.Errorf("%d connections on hold beside %d probes", held, len(got))
			}
		})
	}
}

func TestHoldBack(t *testing.T) {
	for quick, want := range map[int]time.Duration{
		0: 0, 1: 0, 2: time.Second, 3: 2 * time.Second, 6: 16 * time.Second, 8: time.Minute, 1000: time.Minute,
	} {
		if got := holdBack(quick); got != want {
			t.Errorf("after %d quick ends %v, want %v", quick, got, want)
		}
	}
}

func TestHoldKeepsToTheBudget(t *testing.T) {
	r := newRack(t)
	accept(t, r)
	o := &owner{}
	run := newRunner(t, o, nil, func(cfg *Config) { cfg.FirstWithin, cfg.MaxKept = time.Millisecond, 1 })
	var defs []catalog.CheckDefinition
	for _, id := range []string{"a", "b", "c"} {
		defs = append(defs, catalog.CheckDefinition{ID: id, TCP: r.Addr().String(), Interval: time.Hour, Hold: true})
	}
	run.Reconcile(defs, nil)
	eventually(t, "three probes and one connection on hold", func() bool { return r.accepted() == 4 })
	run.Reconcile(nil, nil)
	eventually(t, "the budget is whole again", func() bool { return run.kept.left.Load() == 1 })
	run.Close()
	if n := r.accepted(); n != 4 {
		t.Errorf("%d connections, want 4", n)
	}
}

func TestHeldAt(t *testing.T) {
	for _, c := range []struct {
		def  catalog.CheckDefinition
		want string
	}{
		{catalog.CheckDefinition{HTTP: "http://h/x"}, "h:80 false []"},
		{catalog.CheckDefinition{HTTP: "https://u:p@h/x", HTTP2: true}, "h:443 true [h2]"},
		{catalog.CheckDefinition{HTTP: "https://[::1]:8443"}, "[::1]:8443 true []"},
		{catalog.CheckDefinition{GRPC: "h:1/s", GRPCUseTLS: true}, "h:1 true [h2]"},
		{catalog.CheckDefinition{TCP: "h:1", TCPUseTLS: true}, "h:1 true []"},
	} {
		at, secure, protos := heldAt(&c.def)
		if got := strings.TrimSpace(strings.Join([]string{at, map[bool]string{false: "false", true: "true"}[secure], "[" + strings.Join(protos, " ") + "]"}, " ")); got != c.want {
			t.Errorf("%+v: %q, want %q", c.def, got, c.want)
		}
	}
}
