package probes

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"muster/catalog"
)

// counted is a listener that counts the connections it handed out.
type counted struct {
	net.Listener
	n atomic.Int64
}

func (l *counted) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		l.n.Add(1)
	}
	return c, err
}

// serveGRPC starts a gRPC server with a health service, or one of its own when h is not nil.
func serveGRPC(t *testing.T, h healthpb.HealthServer, opts ...grpc.ServerOption) *counted {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &counted{Listener: l}
	serveGRPCAt(t, c, h, opts...)
	return c
}

func serveGRPCAt(t *testing.T, l net.Listener, h healthpb.HealthServer, opts ...grpc.ServerOption) {
	s := grpc.NewServer(opts...)
	if h != nil {
		healthpb.RegisterHealthServer(s, h)
	}
	done := make(chan struct{})
	go func() { defer close(done); s.Serve(l) }()
	t.Cleanup(func() { s.Stop(); <-done })
}

// slowHealth never answers.
type slowHealth struct {
	healthpb.UnimplementedHealthServer
}

func (slowHealth) Check(ctx context.Context, _ *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestGRPC(t *testing.T) {
	h := health.NewServer()
	h.SetServingStatus("good", healthpb.HealthCheckResponse_SERVING)
	h.SetServingStatus("bad", healthpb.HealthCheckResponse_NOT_SERVING)
	l := serveGRPC(t, h)
	at := l.Addr().String()
	web := serveHTTP(t, true, nil)
	cfg := web.TLS.Clone()
	cfg.NextProtos = nil
	tl := serveGRPC(t, h, grpc.Creds(credentials.NewTLS(cfg)))
	secure := tl.Addr().String()
	mute := serveGRPC(t, nil)
	slow := serveGRPC(t, slowHealth{})
	for _, c := range []struct {
		name    string
		def     catalog.CheckDefinition
		timeout time.Duration
		status  catalog.Status
		want    string
	}{
		{"server", catalog.CheckDefinition{GRPC: at}, long, catalog.Passing, "gRPC " + at + ": SERVING"},
		{"service", catalog.CheckDefinition{GRPC: at + "/good"}, long, catalog.Passing, "SERVING"},
		{"service that is not well", catalog.CheckDefinition{GRPC: at + "/bad"}, long, catalog.Critical, "NOT_SERVING"},
		{"no such service", catalog.CheckDefinition{GRPC: at + "/none"}, long, catalog.Critical, "NotFound"},
		{"no health protocol", catalog.CheckDefinition{GRPC: mute.Addr().String()}, long, catalog.Critical, "Unimplemented"},
		{"slow", catalog.CheckDefinition{GRPC: slow.Addr().String()}, soon, catalog.Critical, ""},
		{"never accepted", catalog.CheckDefinition{GRPC: listen(t, nil)}, soon, catalog.Critical, "no answer within 200ms"},
		{"nobody listens", catalog.CheckDefinition{GRPC: nobody(t)}, long, catalog.Critical, "refused"},
		{"reset", catalog.CheckDefinition{GRPC: listen(t, reset)}, long, catalog.Critical, "Unavailable"},
		{"HTTP/1", catalog.CheckDefinition{GRPC: listen(t, answers("HTTP/1.1 400 Bad Request\r\n\r\n"))}, long, catalog.Critical, "Unavailable"},
		{"TLS, not verified", catalog.CheckDefinition{GRPC: secure + "/good", GRPCUseTLS: true, TLSSkipVerify: true}, long, catalog.Passing, "SERVING"},
		{"TLS of an authority in a file", catalog.CheckDefinition{GRPC: secure, GRPCUseTLS: true, TLSCAFile: authorityOf(t, web)}, long, catalog.Passing, "SERVING"},
		{"TLS that nobody trusts", catalog.CheckDefinition{GRPC: secure, GRPCUseTLS: true}, long, catalog.Critical, "certificate"},
		{"TLS, a file that is missing", catalog.CheckDefinition{GRPC: secure, GRPCUseTLS: true, TLSCAFile: "/none"}, long, catalog.Critical, "tls_ca_file"},
		{"plain to a TLS server", catalog.CheckDefinition{GRPC: secure}, long, catalog.Critical, "Unavailable"},
	} {
		t.Run(c.name, func(t *testing.T) {
			res := lookOnce(t, openGRPC, c.def, c.timeout)
			if res.Status != c.status || !strings.Contains(res.Output, c.want) {
				t.Errorf("got %s %q, want %s, saying %q", res.Status, res.Output, c.status, c.want)
			}
		})
	}
}

// A server that comes back is found by the next probe, however long the pauses
// are that a gRPC client makes between attempts to connect.
func TestGRPCConnections(t *testing.T) {
	for _, c := range []struct {
		name     string
		interval time.Duration
		budget   int
		want     int64 // connections for five probes
	}{
		{"often", time.Second, 1, 1},
		{"seldom", time.Minute, 1, 5},
		{"over the budget", time.Second, 0, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := health.NewServer()
			l := serveGRPC(t, h)
			def := catalog.CheckDefinition{GRPC: l.Addr().String(), Interval: c.interval}
			kept := newBudget(c.budget, nil)
			look, done := openGRPC(&def, kept)
			ask := func() Result {
				ctx, cancel := context.WithTimeout(t.Context(), long)
				defer cancel()
				return look(ctx, &def)
			}
			for range 5 {
				if res := ask(); res.Status != catalog.Passing {
					t.Fatal(res)
				}
			}
			if n := l.n.Load(); n != c.want {
				t.Errorf("five probes took %d connections, want %d", n, c.want)
			}
			h.Shutdown()
			if res := ask(); res.Status != catalog.Critical {
				t.Error(res)
			}
			h.Resume()
			if res := ask(); res.Status != catalog.Passing {
				t.Error(res)
			}
			done()
			if left := kept.left.Load(); left != int64(c.budget) {
				t.Errorf("%d of %d are left in the budget", left, c.budget)
			}
		})
	}
}
