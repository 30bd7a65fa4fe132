package dns

import (
	"bytes"
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// batchSize is how many packets one system call moves: enough to make its price small beside theirs.
	batchSize = 64
	// stride is the size of a message's buffer. No query is longer than what we announce to
	// take, no reply than what we send; the odd number of cache lines keeps the buffers
	// of a batch from competing for the same few places in the processor's cache.
	stride = ownSize + 112
	// controlSize holds the control message that tells where a packet was sent to (ip(7), ipv6(7)).
	controlSize = 64
)

// packet is the kernel's struct mmsghdr (recvmmsg(2)).
type packet struct {
	header unix.Msghdr
	size   uint32
}

// packets is the memory of a batch. Its parts point at one another, for the kernel.
// A reply goes out of the buffers its query came into.
type packets struct {
	all      [batchSize]packet
	vec      [batchSize]unix.Iovec
	peer     [batchSize]unix.RawSockaddrInet6 // or RawSockaddrInet4
	control  [batchSize][controlSize]byte
	messages [batchSize][stride]byte
	wildcard bool // the packets come with the address they were sent to
}

func newPackets(wildcard bool) *packets {
	p := &packets{wildcard: wildcard}
	for i := range p.all {
		p.vec[i].Base = &p.messages[i][0]
		h := &p.all[i].header
		h.Iov, h.Name = &p.vec[i], (*byte)(unsafe.Pointer(&p.peer[i]))
		h.SetIovlen(1)
	}
	return p
}

// rearm makes the first n packets ready to receive again.
func (p *packets) rearm(n int) {
	for i := range p.all[:n] {
		h := &p.all[i].header
		h.Namelen = unix.SizeofSockaddrInet6
		p.vec[i].SetLen(ownSize)
		if p.wildcard {
			h.Control = &p.control[i][0]
			h.SetControllen(controlSize)
		}
	}
}

// batchesWork reports whether the calls for batches are there, and allowed.
func batchesWork() bool {
	for _, call := range []uintptr{unix.SYS_RECVMMSG, unix.SYS_SENDMMSG} {
		const none = ^uintptr(0)
		if _, _, errno := unix.RawSyscall6(call, none, 0, 0, unix.MSG_DONTWAIT, 0, 0); errno != unix.EBADF {
			return false
		}
	}
	return true
}

// The calls for batches are raw ones: they never wait, and the scheduler, which takes the
// processor away from calls that last as long as sending a batch, would cost more than they.

// receive reads the packets that wait on a socket, and returns how many.
func (p *packets) receive(fd int) (int, syscall.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(fd), uintptr(unsafe.Pointer(&p.all)), batchSize, unix.MSG_DONTWAIT, 0, 0)
	return int(n), errno
}

// send sends the packets [from, to), and returns how many of them the kernel took: with an error, none.
func (p *packets) send(fd, from, to int) (int, syscall.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_SENDMMSG, uintptr(fd), uintptr(unsafe.Pointer(&p.all[from])), uintptr(to-from), unix.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

// query returns the bytes of a packet received.
func (p *packets) query(i int) []byte { return p.messages[i][:min(p.all[i].size, ownSize)] }

// client returns the address that a packet came from.
func (p *packets) client(i int) netip.Addr {
	a := &p.peer[i]
	if a.Family == unix.AF_INET {
		return netip.AddrFrom4((*unix.RawSockaddrInet4)(unsafe.Pointer(a)).Addr)
	}
	return netip.AddrFrom16(a.Addr) // without its zone, which no network of the configuration has
}

// returnTo says how to answer one packet.
type returnTo struct {
	peer     unix.RawSockaddrInet6
	peerSize uint32
	control  []byte // says which address of ours the reply leaves from; nil: routing does
}

func (p *packets) returnTo(i int) returnTo {
	return returnTo{p.peer[i], p.all[i].header.Namelen, bytes.Clone(p.source(i))}
}

// send sends one message.
func (r *returnTo) send(fd int, msg []byte) syscall.Errno {
	vec := unix.Iovec{Base: &msg[0]}
	vec.SetLen(len(msg))
	h := unix.Msghdr{Name: (*byte)(unsafe.Pointer(&r.peer)), Namelen: r.peerSize, Iov: &vec}
	h.SetIovlen(1)
	if r.control != nil {
		h.Control = &r.control[0]
		h.SetControllen(len(r.control))
	}
	_, _, errno := unix.RawSyscall(unix.SYS_SENDMSG, uintptr(fd), uintptr(unsafe.Pointer(&h)), unix.MSG_DONTWAIT)
	return errno
}

// answer makes a packet received one to send: the reply, of so many octets, lies in its buffer.
func (p *packets) answer(i, size int) {
	p.vec[i].SetLen(size)
	if h := &p.all[i].header; h.Control != nil && p.source(i) == nil {
		h.Control, h.Controllen = nil, 0
	}
}

// source returns the control message with which a reply leaves from the address that
// a packet was sent to, or nil if routing decides. Only link-local addresses name
// an interface: others may be reached by a way that the query did not come.
func (p *packets) source(i int) []byte {
	h := &p.all[i].header
	if h.Control == nil || h.Controllen < unix.SizeofCmsghdr || h.Flags&unix.MSG_CTRUNC != 0 {
		return nil
	}
	control := p.control[i][:h.Controllen]
	data := control[unix.CmsgLen(0):]
	switch c := (*unix.Cmsghdr)(unsafe.Pointer(&control[0])); {
	case c.Level == unix.IPPROTO_IP && c.Type == unix.IP_PKTINFO && len(data) >= unix.SizeofInet4Pktinfo:
		info := (*unix.Inet4Pktinfo)(unsafe.Pointer(&data[0]))
		info.Ifindex = 0 // Spec_dst is the address of ours that answers, be the packet's a broadcast one
	case c.Level == unix.IPPROTO_IPV6 && c.Type == unix.IPV6_PKTINFO && len(data) >= unix.SizeofInet6Pktinfo:
		info := (*unix.Inet6Pktinfo)(unsafe.Pointer(&data[0]))
		if info.Addr[0] == 0xff {
			return nil // sent to a group, which cannot be a source
		}
		if info.Addr[0] != 0xfe || info.Addr[1]&0xc0 != 0x80 {
			info.Ifindex = 0
		}
	default:
		return nil
	}
	return control
}
