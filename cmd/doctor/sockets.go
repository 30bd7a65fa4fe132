package doctor

import (
	"context"
	"net/netip"
	"slices"
	"syscall"

	"github.com/shirou/gopsutil/v4/net"
	"github.com/shirou/gopsutil/v4/process"
)

// listening lists who listens on ports with the numbers of those that are wanted.
func listening(ctx context.Context, wanted []port) ([]taken, error) {
	sockets, err := net.ConnectionsWithoutUidsWithContext(ctx, "inet")
	if err != nil {
		return nil, err
	}
	var out []taken
	for _, s := range sockets {
		t := taken{network: "tcp", pid: s.Pid}
		switch {
		case s.Type == syscall.SOCK_DGRAM && s.Raddr.Port == 0:
			t.network = "udp"
		case s.Type != syscall.SOCK_STREAM || s.Status != "LISTEN":
			continue
		}
		addr, err := netip.ParseAddr(s.Laddr.IP)
		if err != nil {
			continue // of a family that nobody wants
		}
		t.at = netip.AddrPortFrom(addr, uint16(s.Laddr.Port))
		if slices.ContainsFunc(wanted, t.holds) {
			t.program = program(ctx, t.pid)
			out = append(out, t)
		}
	}
	return out, nil
}

// program is the name of a process, "" when it is not known.
func program(ctx context.Context, pid int32) string {
	if pid == 0 {
		return ""
	}
	name, err := (&process.Process{Pid: pid}).NameWithContext(ctx)
	if err != nil {
		return "a process that has ended"
	}
	return name
}
