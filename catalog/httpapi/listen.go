package httpapi

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
)

const (
	unixScheme = "unix://"
	// socketMode keeps other users from a unix socket.
	socketMode = 0o600
)

// SocketFile says whom the file of a unix socket lets in: who may write to it may use the API.
type SocketFile struct {
	Mode     fs.FileMode // its permissions. 0: 0600
	UID, GID *int        // who owns it. nil: the process's user, its group
}

// listenAll binds every address, or none.
func listenAll(addresses []string, file SocketFile, limit *connLimit) ([]net.Listener, error) {
	var bound []net.Listener
	for _, addr := range addresses {
		ln, err := listen(addr, file)
		if err != nil {
			return nil, errors.Join(err, closeAll(bound))
		}
		bound = append(bound, limit.wrap(ln))
	}
	return bound, nil
}

// closeAll closes listeners, some of which may be closed already.
func closeAll(listeners []net.Listener) error {
	var errs []error
	for _, ln := range listeners {
		if err := ln.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func addrs(listeners []net.Listener) []net.Addr {
	out := make([]net.Addr, len(listeners))
	for i, ln := range listeners {
		out[i] = ln.Addr()
	}
	return out
}

// listen binds "host:port" or "unix:///path".
func listen(addr string, file SocketFile) (net.Listener, error) {
	path, isUnix := strings.CutPrefix(addr, unixScheme)
	if !isUnix {
		return net.Listen("tcp", addr)
	}
	if err := removeDeadSocket(path); err != nil {
		return nil, err
	}
	ln, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if err := file.set(path); err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	return ln, nil
}

// set gives a file its owner and then its permissions, which before let nobody else write.
func (f SocketFile) set(path string) error {
	if f.UID != nil || f.GID != nil {
		if err := os.Lchown(path, orKeep(f.UID), orKeep(f.GID)); err != nil {
			return err
		}
	}
	return os.Chmod(path, cmp.Or(f.Mode.Perm(), socketMode))
}

// orKeep is an id as chown takes it.
func orKeep(id *int) int {
	if id == nil {
		return -1
	}
	return *id
}

// removeDeadSocket removes the socket that a killed agent left behind. It leaves
// alone what is no socket and a socket that somebody still answers.
func removeDeadSocket(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("%s exists and is not a socket", path)
	}
	conn, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		return errors.Join(fmt.Errorf("socket %s is in use by another process", path), conn.Close())
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return err
	}
	return os.Remove(path)
}
