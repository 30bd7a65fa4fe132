package dns

import (
	"bytes"
	"net"
	"net/netip"

	"github.com/miekg/dns"
)

// maxQuery is the longest query that is read. Real ones stay far below.
const maxQuery = 4096

// udpWorker answers the queries of one socket, on one goroutine, as long as the
// cache knows the answers. Others it hands to goroutines of their own.
type udpWorker struct {
	s        *Server
	conn     *net.UDPConn
	cache    *cache
	wildcard bool // the socket has several addresses: replies leave from the one asked
}

// run reads queries until the server closes.
func (w *udpWorker) run() {
	if !w.batches() {
		w.singles()
	}
}

// singles reads and answers one query at a time, as any system can.
func (w *udpWorker) singles() {
	msg := make([]byte, maxQuery)
	for {
		n, session, err := dns.ReadFromSessionUDP(w.conn, msg)
		if err != nil {
			if !w.s.failedRead("udp", err) {
				return
			}
			continue
		}
		reply := &udpReply{conn: w.conn, session: session}
		w.cache.begin()
		size, ok := w.cache.answer(msg, n, reply.Client())
		w.cache.end()
		w.cache.idle()
		switch {
		case size > 0:
			if err := reply.Write(msg[:size]); err != nil {
				w.s.log.Debug("dns reply not sent", "client", reply.Client(), "err", err)
			}
		case !ok && w.answerable(msg[:n]):
			w.s.slots <- struct{}{}
			w.slow(reply, msg[:n])
		}
	}
}

// answerable reports whether a packet may have a reply, and counts those that may not.
func (w *udpWorker) answerable(query []byte) bool {
	head, ok := readHead(query)
	if !ok || head.response {
		w.s.metrics.Dropped()
		return false
	}
	return true
}

// slow answers a query on a goroutine of its own, which gives back the slot that was
// taken for it. The query is copied.
func (w *udpWorker) slow(reply ResponseWriter, query []byte) {
	query = bytes.Clone(query)
	w.s.running.Go(func() {
		defer func() { <-w.s.slots }()
		w.s.ServeWire(w.s.ctx, reply, query)
	})
}

// udpReply takes the reply to one packet.
type udpReply struct {
	conn    *net.UDPConn
	session *dns.SessionUDP
}

func (w *udpReply) UDP() bool { return true }

func (w *udpReply) Client() netip.Addr { return addrOf(w.session.RemoteAddr()) }

func (w *udpReply) Write(reply []byte) error {
	_, err := dns.WriteToSessionUDP(w.conn, reply, w.session)
	return err
}

// addrOf returns the IP address of a socket address.
func addrOf(a net.Addr) netip.Addr {
	switch a := a.(type) {
	case *net.UDPAddr:
		return a.AddrPort().Addr().Unmap()
	case *net.TCPAddr:
		return a.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}
