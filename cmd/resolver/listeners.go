package resolver

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Listener is a socket that waits at a port of this machine.
type Listener struct {
	Protocol string // "udp" or "tcp"
	Addr     netip.AddrPort
	User     string // whose it is; a number where the user has no name
	PID      int    // 0: this process may not see whose it is
	Program  string // as the kernel has it, no more than 15 characters

	inode string
}

// String reads like "systemd-resolve (pid 512)".
func (l *Listener) String() string {
	if l.PID == 0 {
		return "a process of user " + l.User + " (only root sees which)"
	}
	return fmt.Sprintf("%s (pid %d)", cmp.Or(l.Program, "a process"), l.PID)
}

// takes reports whether a socket has an address for itself, or as part of all.
func (l *Listener) takes(a netip.Addr) bool {
	own := l.Addr.Addr()
	return own == a || own.IsUnspecified() && (own.Is6() || a.Is4())
}

// Listeners returns who waits at ports of this machine, over UDP or TCP.
func Listeners(ports ...uint16) ([]Listener, error) { return listeners("/proc", ports...) }

func listeners(proc string, ports ...uint16) ([]Listener, error) {
	var found []Listener
	for _, table := range []string{"udp", "udp6", "tcp", "tcp6"} {
		name := filepath.Join(proc, "net", table)
		text, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) { // a kernel without IPv6, or one that is not Linux
			continue
		}
		if err != nil {
			return nil, err
		}
		for lines := bufio.NewScanner(strings.NewReader(string(text))); lines.Scan(); {
			l, ok := parseSocket(lines.Text(), table[:3])
			if ok && slices.Contains(ports, l.Addr.Port()) {
				found = append(found, l)
			}
		}
	}
	nameOwners(proc, found)
	slices.SortStableFunc(found, func(a, b Listener) int {
		return cmp.Or(a.Addr.Compare(b.Addr), cmp.Compare(a.PID, b.PID), cmp.Compare(a.User, b.User))
	})
	return slices.CompactFunc(found, func(a, b Listener) bool { // servers open several for one address
		a.inode = b.inode
		return a == b
	}), nil
}

// parseSocket reads a line of /proc/net/udp and the like (proc_net(5)); ok is false for the heading and for sockets that do not wait.
func parseSocket(line, protocol string) (l Listener, ok bool) {
	const closed, listen = "07", "0A" // TCP_CLOSE is what an unconnected UDP socket is in
	f := strings.Fields(line)
	if len(f) < 10 || f[3] != map[string]string{"udp": closed, "tcp": listen}[protocol] {
		return l, false
	}
	address, portText, _ := strings.Cut(f[1], ":")
	raw, err := hex.DecodeString(address)
	port, portErr := strconv.ParseUint(portText, 16, 16)
	if err != nil || portErr != nil {
		return l, false
	}
	for word := range slices.Chunk(raw, 4) {
		if len(word) == 4 { // each is printed as a number of the machine's byte order
			binary.NativeEndian.PutUint32(word, binary.BigEndian.Uint32(word))
		}
	}
	addr, ok := netip.AddrFromSlice(raw)
	if !ok {
		return l, false
	}
	return Listener{Protocol: protocol, Addr: netip.AddrPortFrom(addr.Unmap(), uint16(port)), User: userName(f[7]), inode: f[9]}, true
}

func userName(id string) string {
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}

// nameOwners finds the processes that hold the sockets, as far as this process may look at others.
func nameOwners(proc string, found []Listener) {
	if len(found) == 0 {
		return
	}
	links, err := filepath.Glob(filepath.Join(proc, "[0-9]*", "fd", "*"))
	if err != nil {
		return // only for a pattern that is none
	}
	for _, link := range links {
		target, err := os.Readlink(link)
		if err != nil || !strings.HasPrefix(target, "socket:[") {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(link))))
		if err != nil {
			continue
		}
		for i := range found {
			l := &found[i]
			if target == "socket:["+l.inode+"]" && (l.PID == 0 || pid < l.PID) {
				l.PID, l.Program = pid, programOf(proc, pid)
			}
		}
	}
}
