package dns

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// batches reads and answers queries a batch at a time until the server closes. It
// returns false if the kernel, or a filter around the process, refuses the call.
func (w *udpWorker) batches() bool {
	raw, err := w.conn.SyscallConn()
	if err != nil {
		return false
	}
	b := &batch{udpWorker: w, raw: raw, packets: newPackets(w.wildcard), used: batchSize}
	turn := b.turn // one closure for all turns
	for {
		err := raw.Read(turn)
		if err == nil {
			err, b.err = b.err, nil
		}
		switch {
		case err == nil:
		case errors.Is(err, unix.ENOSYS), errors.Is(err, unix.EPERM):
			w.s.log.Info("dns packets are read one by one", "err", err)
			return false
		case !w.s.failedRead("udp", err):
			return true
		}
	}
}

// batch is a worker at work on what came in together.
type batch struct {
	*udpWorker
	*packets
	raw   syscall.RawConn
	used  int   // packets that the last turn received
	first int   // the first of those that is to be answered yet
	err   error // that ended the last turn; nil: none
}

// turn reads the packets that wait, answers them and sends the answers. It returns
// false when none waits, for the runtime to call it again when one does.
func (b *batch) turn(fd uintptr) bool {
	b.rearm(b.used)
	n, errno := b.receive(fd)
	switch {
	case errno == unix.EAGAIN:
		b.cache.idle()
		return false
	case errno != 0:
		if errno != unix.EINTR {
			b.err = errno
		}
		return true
	}
	b.used, b.first = n, 0
	b.cache.begin()
	for i := range n {
		b.decide(fd, i)
	}
	b.flush(fd, n)
	b.cache.end()
	runtime.Gosched() // queries may come without end, and this goroutine never waits in a system call
	return true
}

// decide answers one packet received, or has it answered.
func (b *batch) decide(fd uintptr, i int) {
	query, client := b.query(i), b.client(i)
	size, ok := b.cache.answer(b.messages[i][:], len(query), client.Addr())
	if size > 0 {
		b.answer(i, size)
		return
	}
	b.flush(fd, i)
	b.first = i + 1
	if !ok && b.answerable(query) {
		b.s.slots <- struct{}{}
		b.slow(&packetReply{conn: b.conn, to: client, control: bytes.Clone(b.source(i))}, query)
	}
}

// flush sends the answers from first up to end.
func (b *batch) flush(fd uintptr, end int) {
	for b.first < end {
		n, errno := b.send(fd, b.first, end)
		if errno == unix.EAGAIN { // the socket's buffer is full
			err := b.raw.Write(func(fd uintptr) bool {
				n, errno = b.send(fd, b.first, end)
				return errno != unix.EAGAIN
			})
			if err != nil {
				return // closed
			}
		}
		if errno != 0 && errno != unix.EINTR {
			// It is about the first packet. Alone it may go, where the call is not allowed.
			if errno := b.sendOne(fd, b.first); errno != 0 {
				b.s.log.Debug("dns reply not sent", "err", errno)
			}
			n = 1
		}
		b.first += n
	}
}

// packetReply takes the reply to one packet.
type packetReply struct {
	conn    *net.UDPConn
	to      netip.AddrPort
	control []byte // says which address of ours it leaves from; nil: routing does
}

func (w *packetReply) UDP() bool { return true }

func (w *packetReply) Client() netip.Addr { return w.to.Addr() }

func (w *packetReply) Write(reply []byte) error {
	_, _, err := w.conn.WriteMsgUDPAddrPort(reply, w.control, w.to)
	return err
}
