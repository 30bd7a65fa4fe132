package dns

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"

	"muster/catalog"
)

// SocketName is the name of sockets that a server answers on whatever their address
// (FileDescriptorName= of a systemd socket unit).
const SocketName = "dns"

// takeOver makes bindings of sockets that the process was handed at its start. Each
// address needs one listening for TCP, and one for UDP or more. The files stay the caller's.
func takeOver(files []*os.File) (all []passed, err error) {
	defer func() {
		if err != nil {
			for _, p := range all {
				p.close()
			}
		}
	}()
	for _, f := range files {
		l, c, err := open(f)
		if err != nil {
			return all, fmt.Errorf("socket %q that was passed: %w", f.Name(), err)
		}
		addr := addrPortOf(l, c)
		i := slices.IndexFunc(all, func(p passed) bool { return p.addr == addr })
		if i < 0 {
			i = len(all)
			all = append(all, passed{binding: binding{addr: addr}, name: f.Name()})
		}
		if l != nil {
			if all[i].tcp != nil {
				_ = l.Close()
				return all, fmt.Errorf("socket %q that was passed: %s over TCP is there twice", f.Name(), addr)
			}
			all[i].tcp = l
			continue
		}
		udp, err := adopt(c)
		if err != nil {
			return all, fmt.Errorf("socket %q that was passed: %w", f.Name(), err)
		}
		all[i].udp = append(all[i].udp, udp)
	}
	return all, nil
}

// passed is the sockets of one address that were passed, under the name of the first.
type passed struct {
	binding
	name string
}

// whole reports what is missing, if anything.
func (p *passed) whole() error {
	switch {
	case p.tcp == nil:
		return catalog.Errorf(catalog.Invalid, "of %s only a socket for UDP was passed: DNS needs ListenStream= beside ListenDatagram=", p.addr)
	case len(p.udp) == 0:
		return catalog.Errorf(catalog.Invalid, "of %s only a socket for TCP was passed: DNS needs ListenDatagram= beside ListenStream=", p.addr)
	}
	return nil
}

// open finds out what a file is: one that listens for TCP, or one for UDP.
func open(f *os.File) (*net.TCPListener, *net.UDPConn, error) {
	l, err := net.FileListener(f)
	if err == nil {
		if tcp, ok := l.(*net.TCPListener); ok {
			return tcp, nil, nil
		}
		_ = l.Close()
		return nil, nil, fmt.Errorf("%s is neither TCP nor UDP", l.Addr().Network())
	}
	c, other := net.FilePacketConn(f)
	if other != nil {
		return nil, nil, errors.Join(err, other)
	}
	if udp, ok := c.(*net.UDPConn); ok {
		return nil, udp, nil
	}
	_ = c.Close()
	return nil, nil, fmt.Errorf("%s is neither TCP nor UDP", c.LocalAddr().Network())
}

func addrPortOf(l *net.TCPListener, c *net.UDPConn) netip.AddrPort {
	var a netip.AddrPort
	if l != nil {
		a = l.Addr().(*net.TCPAddr).AddrPort()
	} else {
		a = c.LocalAddr().(*net.UDPAddr).AddrPort()
	}
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// listen binds the server's addresses. Sockets that were passed take the place of those
// of their address, and those called SocketName are added. The others are not used.
func (s *Server) listen(files []*os.File) error {
	given, err := takeOver(files)
	if err != nil {
		return err
	}
	pick := func(wanted func(p passed) bool) (*passed, bool) {
		i := slices.IndexFunc(given, wanted)
		if i < 0 {
			return nil, false
		}
		p := given[i]
		given = slices.Delete(given, i, i+1)
		return &p, true
	}
	defer func() {
		for _, p := range given {
			s.log.Warn("a socket that was passed is not used: its address is not one of DNS, nor its name", "name", p.name, "addr", p.addr.String(), "want", SocketName)
			p.close()
		}
	}()
	for _, a := range s.cfg.Addrs {
		addr := netip.MustParseAddrPort(a) // validated
		if p, ok := pick(func(p passed) bool { return p.addr == addr }); ok {
			s.binds = append(s.binds, p.binding)
			if err := p.whole(); err != nil {
				return err
			}
			continue
		}
		b, err := bind(addr)
		if err != nil {
			return err
		}
		s.binds = append(s.binds, b)
	}
	for {
		p, ok := pick(func(p passed) bool { return p.name == SocketName })
		if !ok {
			return nil
		}
		s.binds = append(s.binds, p.binding)
		if err := p.whole(); err != nil {
			return err
		}
	}
}
