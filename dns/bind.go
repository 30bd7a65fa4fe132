package dns

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
)

// bindAttempts bounds the search for a port that is free over UDP and TCP alike.
const bindAttempts = 10

// bind opens the two sockets of an address. Port 0 finds one port for both.
func bind(addr netip.AddrPort) (binding, error) {
	for attempt := 1; ; attempt++ {
		b, err := bindOnce(addr)
		if err == nil {
			return b, nil
		}
		if errors.Is(err, syscall.EADDRINUSE) && addr.Port() != 0 {
			return binding{}, fmt.Errorf("%w (another DNS server has the port; on port 53 mostly systemd-resolved's stub)", err)
		}
		if addr.Port() != 0 || attempt == bindAttempts {
			return binding{}, err
		}
	}
}

func bindOnce(addr netip.AddrPort) (b binding, err error) {
	defer func() {
		if err != nil {
			b.close()
		}
	}()
	family := "6"
	if addr.Addr().Is4() {
		family = "4"
	}
	if b.tcp, err = net.ListenTCP("tcp"+family, net.TCPAddrFromAddrPort(addr)); err != nil {
		return b, err
	}
	b.addr = netip.AddrPortFrom(addr.Addr(), b.tcp.Addr().(*net.TCPAddr).AddrPort().Port())
	for range sharing() {
		udp, err := listenUDP("udp"+family, b.addr)
		if err != nil {
			return b, err
		}
		b.udp = append(b.udp, udp)
	}
	return b, nil
}
