package dns

import (
	"net/netip"
	"runtime"

	"golang.org/x/sys/unix"
)

// batch is a worker at work on what came in together.
type batch struct {
	*udpWorker
	*batchSocket
	*packets
	used  int   // packets that the last turn received
	first int   // the first of those that is to be answered yet
	watch bool  // the socket is being watched
	err   error // that ended the last turn; nil: none
}

// serve reads and answers queries a batch at a time.
func (c *batchSocket) serve(w *udpWorker) {
	b := &batch{udpWorker: w, batchSocket: c, packets: newPackets(c.wildcard), used: batchSize}
	raw, err := c.epoll.SyscallConn()
	turn := b.turn // one closure for all turns
	for err == nil || w.s.failedRead("udp", err) {
		if err = raw.Read(turn); err == nil {
			err, b.err = b.err, nil
		}
	}
}

// busy is how many packets in one turn make it worth to end the watch, and to begin it again later.
const busy = 8

// turn reads the packets that wait, answers them and sends the answers. It returns
// false when none waits, for the runtime to call it again when one does.
func (b *batch) turn(epoll uintptr) bool {
	b.rearm(b.used)
	b.used = 0
	n, errno := b.receive(b.fd)
	switch {
	case errno == unix.EAGAIN:
		b.cache.idle()
		if b.watch {
			return false
		}
		b.err = b.watched(epoll, true) // tells at once of packets that came meanwhile
		b.watch = b.err == nil
		return !b.watch
	case errno != 0:
		if errno != unix.EINTR {
			b.err = errno
		}
		return true
	case b.watch && n >= busy:
		b.err = b.watched(epoll, false)
		b.watch = b.err != nil
	}
	b.used, b.first = n, 0
	b.cache.begin()
	for i := range n {
		b.decide(i)
	}
	b.flush(n)
	b.cache.end()
	runtime.Gosched() // queries may come without end, and this goroutine never waits in a system call
	return true
}

// decide answers one packet received, or has it answered.
func (b *batch) decide(i int) {
	query, client := b.query(i), b.client(i)
	size, ok := b.cache.answer(b.messages[i][:], len(query), client)
	if size > 0 {
		b.answer(i, size)
		return
	}
	b.flush(i)
	b.first = i + 1
	if !ok && b.answerable(query) {
		b.s.slots <- struct{}{}
		b.slow(&packetReply{batchSocket: b.batchSocket, client: client, to: b.returnTo(i)}, query)
	}
}

// flush sends the answers from first up to end.
func (b *batch) flush(end int) {
	for full := 0; b.first < end; {
		n, errno := b.send(b.fd, b.first, end)
		switch {
		case errno == 0, errno == unix.EINTR:
		case errno == unix.EAGAIN && full < sendPatience:
			full++
			b.waitForRoom()
		default: // it is about the first packet
			b.s.log.Debug("dns reply not sent", "client", b.client(b.first), "err", errno)
			n = 1
		}
		b.first += n
	}
}

// packetReply takes the reply to one packet.
type packetReply struct {
	*batchSocket
	client netip.Addr
	to     returnTo
}

func (w *packetReply) UDP() bool { return true }

func (w *packetReply) Client() netip.Addr { return w.client }

func (w *packetReply) Write(reply []byte) error {
	for full := 0; ; {
		switch errno := w.to.send(w.fd, reply); {
		case errno == 0:
			return nil
		case errno == unix.EINTR:
		case errno == unix.EAGAIN && full < sendPatience:
			full++
			w.waitForRoom()
		default:
			return errno
		}
	}
}
