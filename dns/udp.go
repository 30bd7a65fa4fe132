package dns

import (
	"bytes"
	"net"
	"net/netip"

	"github.com/miekg/dns"
)

// maxQuery is the longest query that is read. Real ones stay far below.
const maxQuery = 4096

// serveUDP reads queries until the server closes. It stops reading while too many are under way.
func (s *Server) serveUDP(conn *net.UDPConn) {
	buf := make([]byte, maxQuery)
	for {
		n, session, err := dns.ReadFromSessionUDP(conn, buf)
		if err != nil {
			if !s.failedRead("udp", err) {
				return
			}
			continue
		}
		query := bytes.Clone(buf[:n])
		s.slots <- struct{}{}
		s.running.Go(func() {
			defer func() { <-s.slots }()
			s.ServeWire(s.ctx, &udpReply{conn: conn, session: session}, query)
		})
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
