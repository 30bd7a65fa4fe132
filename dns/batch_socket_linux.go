package dns

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// batchSocket is a socket that is read in batches. The runtime's poller does not know
// it: a socket somebody waits for wakes him with every packet it sends, too, only to say that there
// is room for more. So it is watched only while its worker waits, by an epoll instance of its
// own, and that is what the runtime polls.
type batchSocket struct {
	fd       int
	wildcard bool // it has several addresses: replies leave from the one asked
	epoll    *os.File
}

// listenBatch opens a socket. Errors carry the system's error number.
func listenBatch(network string, addr netip.AddrPort) (udpSocket, error) {
	fail := func(call string, err error) (udpSocket, error) {
		return nil, &net.OpError{Op: "listen", Net: network, Addr: net.UDPAddrFromAddrPort(addr), Err: os.NewSyscallError(call, err)}
	}
	to, family, err := sockaddr(addr)
	if err != nil {
		return fail("if_nametoindex", err)
	}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fail("socket", err)
	}
	b := &batchSocket{fd: fd, wildcard: addr.Addr().IsUnspecified()}
	if err := b.setOptions(network); err != nil {
		b.close()
		return fail("setsockopt", err)
	}
	if err := unix.Bind(fd, to); err != nil {
		b.close()
		return fail("bind", err)
	}
	if call, err := b.openEpoll(network); err != nil {
		b.close()
		return fail(call, err)
	}
	return b, nil
}

// adoptBatch is listenBatch for a socket that is bound already. The socket is
// duplicated: the one handed in is to be closed.
func adoptBatch(network string, raw syscall.RawConn, addr netip.Addr) (udpSocket, error) {
	b := &batchSocket{fd: -1, wildcard: addr.IsUnspecified()}
	var err error
	e := raw.Control(func(fd uintptr) { b.fd, err = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0) })
	if err = errors.Join(err, e); err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	if err := b.setDestination(network); err != nil {
		b.close()
		return nil, os.NewSyscallError("setsockopt", err)
	}
	if call, err := b.openEpoll(network); err != nil {
		b.close()
		return nil, os.NewSyscallError(call, err)
	}
	return b, nil
}

// openEpoll makes the instance that watches the socket, or names the call that failed.
func (b *batchSocket) openEpoll(network string) (call string, err error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return "epoll_create1", err
	}
	if err := unix.SetNonblock(epoll, true); err != nil { // for the runtime to take it into its poller
		_ = unix.Close(epoll)
		return "fcntl", err
	}
	b.epoll = os.NewFile(uintptr(epoll), "epoll of "+network)
	return "", nil
}

// sockaddr returns an address as the kernel takes it.
func sockaddr(addr netip.AddrPort) (unix.Sockaddr, int, error) {
	if addr.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(addr.Port()), Addr: addr.Addr().As4()}, unix.AF_INET, nil
	}
	to := &unix.SockaddrInet6{Port: int(addr.Port()), Addr: addr.Addr().As16()}
	if zone := addr.Addr().Zone(); zone != "" {
		i, err := net.InterfaceByName(zone)
		if err != nil {
			return nil, 0, err
		}
		to.ZoneId = uint32(i.Index)
	}
	return to, unix.AF_INET6, nil
}

func (b *batchSocket) setOptions(network string) error {
	err := setSharing(network, b.fd)
	if network == "udp6" {
		err = errors.Join(err, unix.SetsockoptInt(b.fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1))
	}
	return errors.Join(err, b.setDestination(network))
}

// setDestination has the kernel tell where packets were sent to if that can differ, and
// makes room for them.
func (b *batchSocket) setDestination(network string) (err error) {
	switch {
	case !b.wildcard:
	case network == "udp6":
		err = unix.SetsockoptInt(b.fd, unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1)
	default:
		err = unix.SetsockoptInt(b.fd, unix.IPPROTO_IP, unix.IP_PKTINFO, 1)
	}
	_ = unix.SetsockoptInt(b.fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer) // the kernel may grant less
	return err
}

// watched begins or ends the watch, of which epoll is the descriptor.
func (b *batchSocket) watched(epoll uintptr, on bool) error {
	if on {
		return unix.EpollCtl(int(epoll), unix.EPOLL_CTL_ADD, b.fd, &unix.EpollEvent{Events: unix.EPOLLIN})
	}
	return unix.EpollCtl(int(epoll), unix.EPOLL_CTL_DEL, b.fd, nil)
}

// sendPatience is how many times a reply waits for room in the socket before it is
// dropped. The network empties the socket, so it will hardly be more than one.
const sendPatience = 10

// waitForRoom waits until the socket has room, or for a while. Sending tells which.
func (b *batchSocket) waitForRoom() {
	const milliseconds = 100
	_, _ = unix.Poll([]unix.PollFd{{Fd: int32(b.fd), Events: unix.POLLOUT}}, milliseconds)
}

func (b *batchSocket) wake() { _ = b.epoll.SetReadDeadline(time.Unix(1, 0)) }

func (b *batchSocket) close() {
	if b.epoll != nil {
		_ = b.epoll.Close()
	}
	_ = unix.Close(b.fd)
}
