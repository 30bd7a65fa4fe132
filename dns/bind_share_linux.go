package dns

import (
	"errors"
	"net"
	"net/netip"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// sharing is how many UDP sockets one address gets: the kernel spreads clients over
// them, and each has a worker.
func sharing() int { return runtime.GOMAXPROCS(0) }

// listenUDP opens a socket that is read in batches, if the kernel, or a filter around
// the process, does not refuse the call.
func listenUDP(network string, addr netip.AddrPort) (udpSocket, error) {
	if !batchesWork() {
		return listenSingle(network, addr)
	}
	return listenBatch(network, addr)
}

// adopt takes over a socket that is bound already, whoever bound it. That it be shared, or
// is for one family alone, was his to say.
func adopt(c *net.UDPConn) (udpSocket, error) {
	network, addr := "udp6", addrOf(c.LocalAddr())
	if addr.Is4() {
		network = "udp4"
	}
	raw, err := c.SyscallConn()
	if err == nil {
		e := raw.Control(func(fd uintptr) { err = setWhole(network, int(fd)) })
		err = errors.Join(err, e)
	}
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	if !batchesWork() {
		return adoptSingle(c)
	}
	defer c.Close()
	return adoptBatch(network, raw, addr)
}

// shareAddress is setSharing for sockets of the standard library.
func shareAddress(network, _ string, c syscall.RawConn) error {
	var err error
	if e := c.Control(func(fd uintptr) { err = setSharing(network, int(fd)) }); e != nil {
		return e
	}
	return err
}

// setSharing lets several sockets have one address. Another process cannot join them
// unnoticed: the address' TCP socket, which is bound first, is not shared. Replies are
// set to go whole.
func setSharing(network string, fd int) error {
	return errors.Join(unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1), setWhole(network, fd))
}

// setWhole has replies go out in one piece or not at all (RFC 9715): no forged fragment can become
// part of one, no forged ICMP message can shrink what we think the path takes, and the kernel
// spares itself the numbers that fragments are put together by.
func setWhole(network string, fd int) error {
	level, option, probe := unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_PROBE
	if network == "udp6" {
		level, option, probe = unix.IPPROTO_IPV6, unix.IPV6_MTU_DISCOVER, unix.IPV6_PMTUDISC_PROBE
	}
	return unix.SetsockoptInt(fd, level, option, probe)
}
