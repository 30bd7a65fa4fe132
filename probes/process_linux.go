package probes

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// process is a process being watched. The kernel's handle (pidfd_open(2)) stands for
// this one, also when its id is given to another.
type process struct {
	pid  int
	file *os.File
	raw  syscall.RawConn
}

// openProcess returns a process that runs; errGone if it does not.
func openProcess(pid int) (*process, error) {
	fd, err := unix.PidfdOpen(pid, unix.PIDFD_NONBLOCK)
	if errors.Is(err, unix.ESRCH) {
		return nil, errGone
	}
	if err != nil {
		return nil, os.NewSyscallError("pidfd_open", err)
	}
	p := &process{pid: pid, file: os.NewFile(uintptr(fd), "pidfd")}
	if p.raw, err = p.file.SyscallConn(); err == nil {
		if readable(uintptr(fd)) {
			err = errGone
		}
	}
	if err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// wait waits at most for a time. It keeps no thread busy: the runtime polls the handle.
func (p *process) wait(ctx context.Context, most time.Duration) (exited bool, err error) {
	if err := p.file.SetReadDeadline(time.Now().Add(most)); err != nil {
		return false, err
	}
	defer context.AfterFunc(ctx, func() { p.file.SetReadDeadline(time.Unix(1, 0)) })()
	err = p.raw.Read(func(fd uintptr) bool {
		exited = readable(fd)
		return exited
	})
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return false, nil
	}
	return exited, err
}

// Close lets go of the handle. The process does not notice.
func (p *process) Close() { p.file.Close() }

// readable reports whether a pidfd says that its process has exited.
func readable(fd uintptr) bool {
	poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	n, err := unix.Poll(poll, 0)
	return err == nil && n > 0 && poll[0].Revents&unix.POLLIN != 0
}
