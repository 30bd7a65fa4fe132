package dns

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
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

func bindOnce(addr netip.AddrPort) (binding, error) {
	family := "6"
	if addr.Addr().Is4() {
		family = "4"
	}
	tcp, err := net.ListenTCP("tcp"+family, net.TCPAddrFromAddrPort(addr))
	if err != nil {
		return binding{}, err
	}
	port := tcp.Addr().(*net.TCPAddr).AddrPort().Port()
	udp, err := net.ListenUDP("udp"+family, net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr.Addr(), port)))
	if err == nil && addr.Addr().IsUnspecified() {
		err = tellDestination(udp, addr.Addr())
		if err != nil {
			_ = udp.Close()
		}
	}
	if err != nil {
		_ = tcp.Close()
		return binding{}, err
	}
	return binding{udp: udp, tcp: tcp}, nil
}

// tellDestination makes the kernel say which of our addresses a packet was sent to:
// on a host with several, the reply must leave from that one.
func tellDestination(c *net.UDPConn, a netip.Addr) error {
	if a.Is4() {
		return ipv4.NewPacketConn(c).SetControlMessage(ipv4.FlagDst|ipv4.FlagInterface, true)
	}
	return ipv6.NewPacketConn(c).SetControlMessage(ipv6.FlagDst|ipv6.FlagInterface, true)
}
