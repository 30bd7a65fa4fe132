package probes

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	grpcstatus "google.golang.org/grpc/status"

	"muster/catalog"
)

// openGRPC readies a check that asks a server for its health by gRPC's health
// protocol. As with HTTP, probes that are close together share a connection for a while.
func openGRPC(def *catalog.CheckDefinition, kept *budget) (probe, func()) {
	keep := def.Interval < reuseUnder && kept.take()
	address, service, _ := strings.Cut(def.GRPC, "/")
	var conn *grpc.ClientConn
	var opened time.Time
	var refused atomic.Pointer[refusal]
	drop := func() {
		if conn != nil {
			conn.Close() // the error would say that it is closed already
			conn = nil
		}
	}
	look := func(ctx context.Context, def *catalog.CheckDefinition) Result {
		if conn == nil {
			fresh, err := newGRPC(def, kept.guard, address, &refused)
			if err != nil {
				return failure(ctx, "gRPC "+def.GRPC, err)
			}
			conn, opened = fresh, time.Now()
		}
		res := probeGRPC(ctx, conn, def.GRPC, service)
		if err := refused.Swap(nil); err != nil && res.Status == catalog.Critical {
			res = failure(ctx, "gRPC "+def.GRPC, err)
		}
		// A connection that failed would be opened again by itself only after a pause.
		if !keep || res.Status != catalog.Passing || time.Since(opened) > renewAfter {
			drop()
		}
		return res
	}
	return look, func() {
		drop()
		if keep {
			kept.give()
		}
	}
}

// newGRPC returns a client that is to connect to one address. It follows no
// proxies of the environment and no configuration the target may offer. As it
// makes text of errors, it notes one that is a refusal.
func newGRPC(def *catalog.CheckDefinition, g guard, address string, refused *atomic.Pointer[refusal]) (*grpc.ClientConn, error) {
	creds := insecure.NewCredentials()
	if def.GRPCUseTLS {
		cfg, err := tlsConfig(def)
		if err != nil {
			return nil, err
		}
		creds = credentials.NewTLS(cfg)
	}
	return grpc.NewClient("passthrough:///"+address,
		grpc.WithTransportCredentials(creds),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			conn, err := dial(ctx, def, g, address, false)
			if why, ok := errors.AsType[*refusal](err); ok {
				refused.Store(why)
			}
			return conn, err
		}),
		grpc.WithUserAgent("muster-probe"),
		grpc.WithDisableServiceConfig(), grpc.WithDisableRetry(), grpc.WithDisableHealthCheck(),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(catalog.MaxCheckOutput)),
		grpc.WithMaxHeaderListSize(maxHeaderBytes),
		grpc.WithReadBufferSize(4<<10), grpc.WithWriteBufferSize(4<<10),
	)
}

// probeGRPC asks for the health of one service, or with an empty name of the server as a whole.
func probeGRPC(ctx context.Context, conn *grpc.ClientConn, what, service string) Result {
	what = "gRPC " + what
	resp, err := healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{Service: service})
	if err != nil {
		s := grpcstatus.Convert(err)
		return failure(ctx, what, fmt.Errorf("%v: %s", s.Code(), s.Message()))
	}
	if resp.Status != healthpb.HealthCheckResponse_SERVING {
		return Result{catalog.Critical, what + ": " + resp.Status.String()}
	}
	return Result{catalog.Passing, what + ": SERVING"}
}
