package dns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/miekg/dns"
)

// ClientOptions say how a question is put to a server.
type ClientOptions struct {
	TCP     bool          // at once, rather than when the reply over UDP is cut short
	Timeout time.Duration // of each transport; 0: five seconds
}

const clientTimeout = 5 * time.Second

// Query puts a question of class IN to a server, "host:port", and returns what it
// replied, whatever that says. RD is set and EDNS spoken. A reply that is cut short
// over UDP is fetched again over TCP. The errors say that there was no reply, or
// that the question cannot be asked.
func Query(ctx context.Context, server, name, qtype string, o ClientOptions) (*Reply, error) {
	q, err := NewQuestion(name, qtype, !o.TCP)
	if err != nil {
		return nil, err
	}
	if o.Timeout == 0 {
		o.Timeout = clientTimeout
	}
	if o.TCP {
		return exchange(ctx, "tcp", server, q, o.Timeout)
	}
	r, err := exchange(ctx, "udp", server, q, o.Timeout)
	if err != nil || !r.cut {
		return r, err
	}
	whole, err := exchange(ctx, "tcp", server, q, o.Timeout)
	if err != nil {
		return nil, fmt.Errorf("the reply over UDP is cut short, and over TCP: %w", err)
	}
	whole.Retried = true
	return whole, nil
}

// exchange sends one query over one transport and waits for the reply to it.
func exchange(ctx context.Context, network, server string, q Question, timeout time.Duration) (*Reply, error) {
	m := new(dns.Msg)
	m.SetQuestion(q.Name, q.Type) // RD, and an id at random
	m.Extra = []dns.RR{opt(false)}
	query, err := m.Pack()
	if err != nil {
		return nil, fmt.Errorf("pack the question: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	begun := time.Now()
	raw, err := new(net.Dialer).DialContext(ctx, network, server)
	if err != nil {
		return nil, noReply(ctx, network, server, timeout, err)
	}
	conn := &dns.Conn{Conn: raw, UDPSize: dns.MaxMsgSize}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = raw.Close() })()
	if _, err := conn.Write(query); err != nil {
		return nil, noReply(ctx, network, server, timeout, err)
	}
	for {
		wire, err := conn.ReadMsgHeader(nil)
		if errors.Is(err, dns.ErrShortRead) {
			continue
		}
		if err != nil {
			return nil, noReply(ctx, network, server, timeout, err)
		}
		if !answers(wire, m) {
			continue // late, or forged; waiting goes on
		}
		reply := new(dns.Msg)
		if err := reply.Unpack(wire); err != nil {
			return nil, fmt.Errorf("the reply of %s cannot be read: %w", server, err)
		}
		r := newReply(reply)
		r.Server, r.Protocol, r.Took, r.Size = raw.RemoteAddr().String(), network, time.Since(begun), len(wire)
		return r, nil
	}
}

// answers reports whether a message is a reply to a query: by its id and, unless it
// is a bare header, by its question.
func answers(wire []byte, query *dns.Msg) bool {
	h, ok := readHead(wire)
	if !ok || !h.response || h.id != query.Id {
		return false
	}
	if h.counts[0] == 0 {
		return true
	}
	m := new(dns.Msg)
	_ = m.Unpack(wire) // what is wrong behind the question is told by who reads the whole
	return len(m.Question) == 1 && m.Question[0] == query.Question[0]
}

// noReply words the failure of an exchange.
func noReply(ctx context.Context, network, server string, timeout time.Duration, err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err
	}
	switch ctx.Err() {
	case context.DeadlineExceeded:
		err = fmt.Errorf("no reply in %v", timeout)
	case context.Canceled:
		err = ctx.Err()
	}
	return fmt.Errorf("%s (%s): %w", server, network, err)
}
