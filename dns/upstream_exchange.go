package dns

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"time"

	"muster/metrics"
)

const (
	// maxReply is the longest reply read over UDP. It is more than we announce: some send more.
	maxReply = 4096
	// maxMisses is how many packets that do not belong to a query are ignored before the
	// question goes over TCP, where nobody off the path can forge.
	maxMisses = 3
)

var (
	errDoubtful = errors.New("reply over UDP may be forged")
	errNotOurs  = errors.New("reply over TCP does not belong to the query")
	errCutTCP   = errors.New("reply over TCP is cut short")
)

// exchanger carries one question to one upstream and the reply back.
type exchanger struct {
	timeout time.Duration // of one transport
	marks   *loopMarks
	metrics *metrics.Recursor
}

// ask puts a question over UDP, and again over TCP when the reply is cut short or
// doubtful. rtt is how long the reply over UDP took.
func (x *exchanger) ask(ctx context.Context, u *upstream, q asked) (f found, rtt time.Duration, err error) {
	begun := time.Now()
	wire, err := x.overUDP(ctx, u, q)
	rtt = time.Since(begun)
	if errors.Is(err, errDoubtful) || err == nil && cutShort(wire) {
		wire, err = x.overTCP(ctx, u, q)
	}
	if err != nil {
		return found{}, rtt, err
	}
	f, err = readReply(wire, q)
	return f, rtt, err
}

// overUDP sends a query and waits for the reply that belongs to it. Each query has a socket of
// its own: the kernel draws its port at random, like our id, and being connected takes packets of
// that upstream alone. A pool would save two system calls a miss, and give forgers
// ports that stay; the cache saves more.
func (x *exchanger) overUDP(ctx context.Context, u *upstream, q asked) ([]byte, error) {
	query := q.query(!u.folds.Load())
	conn, hangUp, err := x.dial(ctx, "udp", u)
	if err != nil {
		return nil, err
	}
	defer hangUp()
	defer x.marks.add(query, u)()
	if _, err := conn.Write(query); err != nil {
		return nil, err
	}
	buf := make([]byte, maxReply)
	for range maxMisses {
		n, err := conn.Read(buf)
		if err != nil {
			return nil, err
		}
		b := judgeReply(query, buf[:n])
		if b == belongs {
			return bytes.Clone(buf[:n]), nil
		}
		x.metrics.Tried("mismatch")
		if b == otherCase {
			break
		}
	}
	return nil, errDoubtful
}

// overTCP asks on a connection of its own. A reply in other letter case shows an upstream
// that folds names: it is sent lower case from then on.
func (x *exchanger) overTCP(ctx context.Context, u *upstream, q asked) ([]byte, error) {
	query := q.query(!u.folds.Load())
	conn, hangUp, err := x.dial(ctx, "tcp", u)
	if err != nil {
		return nil, err
	}
	defer hangUp()
	defer x.marks.add(query, u)()
	if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(query))), query...)); err != nil {
		return nil, err
	}
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return nil, err
	}
	reply := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(conn, reply); err != nil {
		return nil, err
	}
	switch judgeReply(query, reply) {
	case foreign:
		x.metrics.Tried("mismatch")
		return nil, errNotOurs
	case otherCase:
		u.folds.Store(true)
	}
	if cutShort(reply) {
		return nil, errCutTCP
	}
	return reply, nil
}

// dial opens a socket to an upstream that lives until the timeout, the end of ctx or
// hangUp, whichever is first.
func (x *exchanger) dial(ctx context.Context, network string, u *upstream) (conn net.Conn, hangUp func(), err error) {
	deadline := time.Now().Add(x.timeout)
	conn, err = (&net.Dialer{Deadline: deadline}).DialContext(ctx, network, u.addr.String())
	if err != nil {
		return nil, nil, err
	}
	if err := conn.SetDeadline(deadline); err != nil {
		_ = conn.Close()
		return nil, nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	return conn, func() {
		stop()
		_ = conn.Close()
	}, nil
}
