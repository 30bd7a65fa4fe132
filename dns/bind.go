package dns

import (
	"context"
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
	config := net.ListenConfig{Control: shareAddress}
	for range sharing() {
		c, err := config.ListenPacket(context.Background(), "udp"+family, b.addr.String())
		if err != nil {
			return b, err
		}
		udp := c.(*net.UDPConn)
		b.udp = append(b.udp, udp)
		if addr.Addr().IsUnspecified() {
			if err := tellDestination(udp, addr.Addr()); err != nil {
				return b, err
			}
		}
		// A burst must not be lost while the worker has other things to do. The kernel may grant less.
		_ = udp.SetReadBuffer(receiveBuffer)
	}
	return b, nil
}

// receiveBuffer is how many bytes of queries, as the kernel counts them, may wait in a socket.
const receiveBuffer = 1 << 20

// tellDestination makes the kernel say which of our addresses a packet was sent to:
// on a host with several, the reply must leave from that one.
func tellDestination(c *net.UDPConn, a netip.Addr) error {
	if a.Is4() {
		return ipv4.NewPacketConn(c).SetControlMessage(ipv4.FlagDst|ipv4.FlagInterface, true)
	}
	return ipv6.NewPacketConn(c).SetControlMessage(ipv6.FlagDst|ipv6.FlagInterface, true)
}
