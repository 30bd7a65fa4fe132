package rpc

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	// connectTimeout bounds connecting to a server.
	connectTimeout = time.Second
	// dialPenalty is how long a server that could not be connected to is not tried:
	// those who queue for the same connection must not wait one timeout after another.
	dialPenalty = 250 * time.Millisecond
	// clientIdle is how long an unused connection is kept. It is less than serverIdle.
	clientIdle = 90 * time.Second
)

// Dial connects to the RPC protocol of a server of a datacenter, "" being the agent's own.
type Dial func(ctx context.Context, dc, addr string) (net.Conn, error)

// links are the connections to servers, by datacenter: few, because HTTP/2 carries
// many requests over each, blocking ones included.
type links struct {
	dial  Dial
	ctx   context.Context // ends at close
	end   context.CancelFunc
	dials sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	open    map[*link]struct{}
	refused map[string]refusal // by datacenter and address
	byDC    map[string]*http.Transport
}

// refusal is a connection that failed.
type refusal struct {
	err error
	at  time.Time
}

func newLinks(dial Dial) *links {
	l := &links{dial: dial, open: map[*link]struct{}{}, refused: map[string]refusal{}, byDC: map[string]*http.Transport{}}
	l.ctx, l.end = context.WithCancel(context.Background())
	return l
}

// to returns the transport to a datacenter's servers.
func (l *links) to(dc string) *http.Transport {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.byDC[dc]
	if t == nil {
		t = l.newTransport(dc)
		l.byDC[dc] = t
	}
	return t
}

func (l *links) newTransport(dc string) *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true) // TLS, if any, is below
	return &http.Transport{
		Protocols:              protocols,
		DialContext:            func(ctx context.Context, _, addr string) (net.Conn, error) { return l.connect(ctx, dc, addr) },
		DisableCompression:     true, // bodies are passed on as they are
		MaxConnsPerHost:        2,    // being dialed; HTTP/2 counts no others
		IdleConnTimeout:        clientIdle,
		MaxResponseHeaderBytes: maxHeaderBytes,
		HTTP2: &http.HTTP2Config{
			// A server that vanished without a word is found out by pings, so
			// that those who wait on it, for minutes perhaps, move on.
			SendPingTimeout: time.Second, PingTimeout: 3 * time.Second,
			WriteByteTimeout: 5 * time.Second,
		},
	}
}

// connect dials, unless that has just failed.
func (l *links) connect(ctx context.Context, dc, addr string) (net.Conn, error) {
	if err := l.enter(dc, addr); err != nil {
		return nil, err
	}
	defer l.dials.Done()
	within, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	defer context.AfterFunc(l.ctx, cancel)()
	c, err := l.dial(within, dc, addr)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		err = fmt.Errorf("connect to server %s: %w", addr, err)
		if ctx.Err() == nil { // the server's fault, not its caller's haste
			now := time.Now()
			maps.DeleteFunc(l.refused, func(_ string, r refusal) bool { return now.Sub(r.at) >= dialPenalty }) // addresses come and go
			l.refused[dc+"\x00"+addr] = refusal{err, now}
		}
		return nil, err
	}
	if l.closed {
		c.Close()
		return nil, net.ErrClosed
	}
	k := &link{Conn: c, links: l}
	l.open[k] = struct{}{}
	return k, nil
}

// enter admits a dial.
func (l *links) enter(dc, addr string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return net.ErrClosed
	}
	if r, ok := l.refused[dc+"\x00"+addr]; ok {
		if time.Since(r.at) < dialPenalty {
			return r.err
		}
		delete(l.refused, dc+"\x00"+addr)
	}
	l.dials.Add(1)
	return nil
}

// close cuts every connection.
func (l *links) close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.end()
	l.dials.Wait()
	l.mu.Lock()
	transports, open := l.byDC, l.open
	l.byDC, l.open = map[string]*http.Transport{}, map[*link]struct{}{}
	l.mu.Unlock()
	for _, t := range transports {
		t.CloseIdleConnections()
	}
	for k := range open {
		k.Conn.Close()
	}
}

// link is a connection that is known until it is closed.
type link struct {
	net.Conn
	links *links
}

// Close implements net.Conn.
func (k *link) Close() error {
	k.links.mu.Lock()
	delete(k.links.open, k)
	k.links.mu.Unlock()
	return k.Conn.Close()
}
