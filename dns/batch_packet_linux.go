package dns

import (
	"net/netip"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// batchSize is how many packets one system call moves: enough to make its price small beside theirs.
	batchSize = 64
	// The strides keep the buffers of a batch from competing for the same lines of the processor's cache.
	queryStride, replyStride = maxQuery + 5*64, ownSize + 48
	// controlSize holds the control message that tells where a packet was sent to (ip(7), ipv6(7)).
	controlSize = 64
)

// packet is the kernel's struct mmsghdr (recvmmsg(2)).
type packet struct {
	header unix.Msghdr
	size   uint32
}

// packets is the memory of a batch. Its parts point at one another, for the kernel.
type packets struct {
	in, out       [batchSize]packet
	inVec, outVec [batchSize]unix.Iovec
	from          [batchSize]unix.RawSockaddrInet6 // or RawSockaddrInet4
	control       [batchSize][controlSize]byte
	queries       [batchSize][queryStride]byte
	replies       [batchSize][replyStride]byte
}

// newPackets returns memory for batches. Those of a socket on a wildcard address
// come with the address they were sent to.
func newPackets(wildcard bool) *packets {
	p := new(packets)
	for i := range batchSize {
		p.inVec[i].Base, p.outVec[i].Base = &p.queries[i][0], &p.replies[i][0]
		p.inVec[i].SetLen(maxQuery)
		in, out := &p.in[i].header, &p.out[i].header
		in.Iov, out.Iov = &p.inVec[i], &p.outVec[i]
		in.SetIovlen(1)
		out.SetIovlen(1)
		in.Name = (*byte)(unsafe.Pointer(&p.from[i]))
		if wildcard {
			in.Control = &p.control[i][0]
		}
	}
	return p
}

// rearm makes the first n packets ready to receive again.
func (p *packets) rearm(n int) {
	for i := range p.in[:n] {
		h := &p.in[i].header
		h.Namelen = unix.SizeofSockaddrInet6
		if h.Control != nil {
			h.SetControllen(controlSize)
		}
	}
}

// receive reads the packets that wait on a socket, and returns how many.
func (p *packets) receive(fd uintptr) (int, syscall.Errno) {
	n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&p.in)), batchSize, unix.MSG_DONTWAIT, 0, 0)
	return int(n), errno
}

// send sends the packets [from, to) of out, and returns how many of them the kernel took: with an error, none.
func (p *packets) send(fd uintptr, from, to int) (int, syscall.Errno) {
	n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&p.out[from])), uintptr(to-from), unix.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

// sendOne sends one packet of out by itself.
func (p *packets) sendOne(fd uintptr, i int) syscall.Errno {
	_, _, errno := unix.Syscall(unix.SYS_SENDMSG, fd, uintptr(unsafe.Pointer(&p.out[i].header)), unix.MSG_DONTWAIT)
	return errno
}

// query returns the bytes of a packet received.
func (p *packets) query(i int) []byte { return p.queries[i][:min(p.in[i].size, maxQuery)] }

// client returns the address that a packet came from.
func (p *packets) client(i int) netip.AddrPort {
	a := &p.from[i]
	port := (*[2]byte)(unsafe.Pointer(&a.Port)) // in network order
	at := uint16(port[0])<<8 | uint16(port[1])
	if a.Family == unix.AF_INET {
		return netip.AddrPortFrom(netip.AddrFrom4((*unix.RawSockaddrInet4)(unsafe.Pointer(a)).Addr), at)
	}
	addr := netip.AddrFrom16(a.Addr)
	if a.Scope_id != 0 {
		addr = addr.WithZone(strconv.Itoa(int(a.Scope_id)))
	}
	return netip.AddrPortFrom(addr, at)
}

// answer makes out[to] the reply, of a size, to in[i].
func (p *packets) answer(i, to, size int) {
	in, out := &p.in[i].header, &p.out[to].header
	out.Name, out.Namelen = in.Name, in.Namelen
	out.Control, out.Controllen = nil, 0
	if control := p.source(i); control != nil {
		out.Control, out.Controllen = in.Control, in.Controllen
	}
	p.outVec[to].SetLen(size)
}

// source returns the control message with which a reply leaves from the address that
// a packet was sent to, or nil if routing decides. Only link-local addresses name
// an interface: others may be reached by a way that the query did not come.
func (p *packets) source(i int) []byte {
	h := &p.in[i].header
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
