package probes

import (
	"context"
	"errors"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"muster/catalog"
)

const (
	// holdDial is how long opening a connection to hold may take.
	holdDial = 10 * time.Second
	// holdEnough is how long a connection lasts whose end is news. Targets that hang up
	// sooner are not held without a pause.
	holdEnough = 3 * time.Second
	// holdPause is the longest such pause.
	holdPause = time.Minute
	// holdRenew is after how long a connection makes place for a new one, for the target may have moved.
	holdRenew = 5 * time.Minute
	// holdHears is how many bytes a target may say before it is no idle connection.
	holdHears = 64 << 10
)

// hold keeps a connection to the target open while it is well, and wakes the
// check when the other side ends it. How connections end never is a verdict: targets close idle ones as they like.
func (c *check) hold(ctx context.Context) {
	if !c.runner.kept.take() {
		c.log.Warn("connection not held: the process may not open as many files")
		return
	}
	defer c.runner.kept.give()
	quick := 0 // connections in a row that ended soon though the target was well
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.waker.well:
		}
		if c.waker.ill.Swap(false) {
			quick = 0 // the last end was a true alarm
		}
		if !pause(ctx, holdBack(quick)) {
			return
		}
		began := time.Now()
		lost := c.holdUntilLost(ctx)
		if ctx.Err() != nil {
			return
		}
		if quick++; time.Since(began) >= holdEnough {
			quick = 0
		}
		c.waker.forget()
		if lost {
			c.wake(wokenByConnection)
		}
	}
}

// holdBack is how long to wait before holding again.
func holdBack(quick int) time.Duration {
	if quick < 2 { // one may be a restart
		return 0
	}
	return min(time.Second<<min(quick-2, 10), holdPause)
}

// pause waits, and returns false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// holdUntilLost holds one connection after the other until the target ends one
// or takes none, and then returns true. False: the target talks all the time.
func (c *check) holdUntilLost(ctx context.Context) bool {
	for {
		err := c.holdOnce(ctx)
		if errors.Is(err, errTalks) {
			return false
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) || ctx.Err() != nil {
			return true
		}
	}
}

var errTalks = errors.New("the target talks on a connection that was to be idle")

// holdOnce returns why a connection ended; a deadline exceeded if it is time for another one.
func (c *check) holdOnce(ctx context.Context) error {
	conn, err := c.openHeld(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(holdRenew)); err != nil {
		return err
	}
	defer bounded(ctx, conn)()
	var buf [256]byte // small, for it lasts as long as the connection
	for heard := 0; heard < holdHears; {
		n, err := conn.Read(buf[:])
		heard += n
		if err != nil {
			return err
		}
	}
	return errTalks
}

func (c *check) openHeld(ctx context.Context) (net.Conn, error) {
	within, cancel := context.WithTimeoutCause(ctx, holdDial, errors.New("no connection in time"))
	defer cancel()
	address, secure, protos := heldAt(&c.def)
	conn, err := dial(within, &c.def, c.runner.kept.guard, address, secure, protos...)
	if err != nil {
		// Not wrapped: a deadline here is not the one that says it is time for another connection.
		return nil, errors.New(err.Error())
	}
	return conn, nil
}

// heldAt says where the connection to hold goes, and how it is opened.
func heldAt(def *catalog.CheckDefinition) (address string, secure bool, protos []string) {
	switch def.Kind() {
	case catalog.KindGRPC:
		address, _, _ = strings.Cut(def.GRPC, "/")
		return address, def.GRPCUseTLS, []string{"h2"}
	case catalog.KindHTTP:
		u, err := url.Parse(def.HTTP)
		if err != nil {
			panic(err) // the definition is valid
		}
		port := u.Port()
		if secure = u.Scheme == "https"; port == "" {
			port = map[bool]string{false: "80", true: "443"}[secure]
		}
		if def.HTTP2 {
			protos = []string{"h2"}
		}
		return net.JoinHostPort(u.Hostname(), port), secure, protos
	}
	return def.TCP, def.TCPUseTLS, nil
}
