package resolver

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
)

// reloading is how a resolver is made to read its files again.
type reloading struct {
	command string   // by systemd
	program string   // its name in the kernel
	pids    []string // files with its pid; a SIGHUP to it does the same. None: it does not
	byHand  string   // what else to do
}

func reloads(k Kind) reloading {
	switch k {
	case Resolved:
		return reloading{command: "systemctl reload-or-restart systemd-resolved", program: "systemd-resolve", byHand: "restart systemd-resolved"}
	case NetworkManager:
		return reloading{
			command: "systemctl reload NetworkManager", program: "NetworkManager",
			pids: []string{"/run/NetworkManager/NetworkManager.pid", "/run/NetworkManager.pid"}, byHand: "run nmcli general reload",
		}
	case Dnsmasq: // a SIGHUP has it read hosts and the like alone
		return reloading{command: "systemctl restart dnsmasq", program: "dnsmasq", byHand: "restart dnsmasq"}
	case Unbound:
		return reloading{command: "systemctl reload-or-restart unbound", program: "unbound", pids: unboundPIDs(), byHand: "send unbound a SIGHUP"}
	}
	return reloading{}
}

// Reload makes a resolver of this machine read its files again, and returns what was done. The error says what to do by hand.
func Reload(ctx context.Context, h *Host, k Kind, run Runner) (did string, err error) {
	way := reloads(k)
	if way.command == "" {
		return "", fmt.Errorf("there is nothing to reload for %s", k.Title())
	}
	if !h.Live() {
		return "", errors.New("the host does not run")
	}
	if h.exists("/run/systemd/system") {
		args := strings.Fields(way.command)
		_, code, err := run(ctx, "systemctl", "is-active", "--quiet", args[len(args)-1])
		switch {
		case err != nil:
			return "", fmt.Errorf("%w: %s", err, way.byHand)
		case code != 0:
			return "", fmt.Errorf("%s is not running as a service: start it, or %s", k.Title(), way.byHand)
		}
		output, code, err := run(ctx, args...)
		if err != nil || code != 0 {
			return "", fmt.Errorf("%q failed: %w %s", way.command, errors.Join(err, fmt.Errorf("exit code %d", code)), strings.TrimSpace(output))
		}
		return "ran " + way.command, nil
	}
	if pid := h.pid(way.program, way.pids...); pid > 0 {
		if err := syscall.Kill(pid, syscall.SIGHUP); err != nil {
			return "", fmt.Errorf("signal %s: %w", way.program, err)
		}
		return fmt.Sprintf("sent a SIGHUP to %s (pid %d)", way.program, pid), nil
	}
	return "", fmt.Errorf("systemd does not run here, and cannot be asked: %s", way.byHand)
}
