//go:build !linux

package dns

import (
	"net"
	"net/netip"
	"syscall"
)

// sharing is how many UDP sockets one address gets. Elsewhere than on Linux the kernel
// does not spread clients over several.
func sharing() int { return 1 }

func shareAddress(_, _ string, _ syscall.RawConn) error { return nil }

func listenUDP(network string, addr netip.AddrPort) (udpSocket, error) {
	return listenSingle(network, addr)
}

func adopt(c *net.UDPConn) (udpSocket, error) { return adoptSingle(c) }
