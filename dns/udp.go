package dns

import (
	"bytes"
	"context"
	"net"
	"net/netip"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

const (
	// maxQuery is the longest query that is read. Real ones stay far below.
	maxQuery = 4096
	// receiveBuffer is how many bytes of queries, as the kernel counts them, may wait in a
	// socket: a burst must not be lost while the worker has no processor.
	receiveBuffer = 1 << 20
)

// udpSocket is one UDP socket on an address, and the way it is read.
type udpSocket interface {
	// serve reads queries, and has the worker answer them, until wake is called.
	serve(w *udpWorker)
	// wake ends serve. Replies may still be written.
	wake()
	close()
}

// udpWorker answers the queries of one socket on one goroutine, as long as its cache
// knows the answers. Others it hands to goroutines of their own.
type udpWorker struct {
	s     *Server
	cache *cache
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

// listenSingle opens a socket that is read packet by packet, as any system can.
func listenSingle(network string, addr netip.AddrPort) (udpSocket, error) {
	config := net.ListenConfig{Control: shareAddress}
	c, err := config.ListenPacket(context.Background(), network, addr.String())
	if err != nil {
		return nil, err
	}
	s := singleSocket{c.(*net.UDPConn)}
	if addr.Addr().IsUnspecified() {
		if err := tellDestination(s.UDPConn, addr.Addr()); err != nil {
			s.close()
			return nil, err
		}
	}
	_ = s.SetReadBuffer(receiveBuffer) // the kernel may grant less
	return s, nil
}

// tellDestination makes the kernel say which of our addresses a packet was sent to:
// on a host with several, the reply must leave from that one.
func tellDestination(c *net.UDPConn, a netip.Addr) error {
	if a.Is4() {
		return ipv4.NewPacketConn(c).SetControlMessage(ipv4.FlagDst|ipv4.FlagInterface, true)
	}
	return ipv6.NewPacketConn(c).SetControlMessage(ipv6.FlagDst|ipv6.FlagInterface, true)
}

// singleSocket is a socket that is read packet by packet.
type singleSocket struct{ *net.UDPConn }

func (c singleSocket) wake()  { _ = c.SetReadDeadline(time.Unix(1, 0)) }
func (c singleSocket) close() { _ = c.Close() }

func (c singleSocket) serve(w *udpWorker) {
	msg := make([]byte, maxQuery)
	for {
		n, session, err := dns.ReadFromSessionUDP(c.UDPConn, msg)
		if err != nil {
			if !w.s.failedRead("udp", err) {
				return
			}
			continue
		}
		reply := &udpReply{conn: c.UDPConn, session: session}
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

// adoptSingle is listenSingle for a socket that is bound already.
func adoptSingle(c *net.UDPConn) (udpSocket, error) {
	if addr := addrOf(c.LocalAddr()); addr.IsUnspecified() {
		if err := tellDestination(c, addr); err != nil {
			_ = c.Close()
			return nil, err
		}
	}
	_ = c.SetReadBuffer(receiveBuffer) // the kernel may grant less
	return singleSocket{c}, nil
}
