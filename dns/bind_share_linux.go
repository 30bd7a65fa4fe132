package dns

import (
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// sharing is how many UDP sockets one address gets: the kernel spreads clients over
// them, and each has a worker.
func sharing() int { return runtime.GOMAXPROCS(0) }

// shareAddress lets several sockets have one address. Another process cannot join them
// unnoticed: the address' TCP socket, which is bound first, is not shared.
func shareAddress(_, _ string, c syscall.RawConn) error {
	var err error
	if e := c.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1) }); e != nil {
		return e
	}
	return err
}
