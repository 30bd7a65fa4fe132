package resolver

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

func TestReloadBySystemd(t *testing.T) {
	for name, tc := range map[string]struct {
		kind      Kind
		active    int // the exit code of is-active
		code      int // and of the reload
		err       error
		ran, want string // commands by commas; what is said, or part of the error
		fails     bool
	}{
		"resolved":       {Resolved, 0, 0, nil, "is-active --quiet systemd-resolved, reload-or-restart systemd-resolved", "ran systemctl reload-or-restart systemd-resolved", false},
		"dnsmasq":        {Dnsmasq, 0, 0, nil, "is-active --quiet dnsmasq, restart dnsmasq", "ran systemctl restart dnsmasq", false},
		"NetworkManager": {NetworkManager, 0, 0, nil, "is-active --quiet NetworkManager, reload NetworkManager", "ran systemctl reload NetworkManager", false},
		"not running":    {Unbound, 3, 0, nil, "is-active --quiet unbound", "unbound is not running as a service: start it", true},
		"it fails":       {Unbound, 0, 1, nil, "is-active --quiet unbound, reload-or-restart unbound", "exit code 1 denied", true},
		"no systemctl":   {Unbound, 0, 0, ErrNoProgram, "is-active --quiet unbound", "send unbound a SIGHUP", true},
		"nothing to do":  {Resolvconf, 0, 0, nil, "", "nothing to reload", true},
	} {
		h := tree(t, map[string]string{"/run/systemd/system/x": ""})
		h.runs = true
		var ran []string
		did, err := Reload(t.Context(), h, tc.kind, func(_ context.Context, args ...string) (string, int, error) {
			ran = append(ran, strings.Join(args[1:], " "))
			if args[1] == "is-active" {
				return "", tc.active, tc.err
			}
			return "denied\n", tc.code, nil
		})
		if err != nil {
			did = err.Error()
		}
		if strings.Join(ran, ", ") != tc.ran || !strings.Contains(did, tc.want) || (err != nil) != tc.fails {
			t.Errorf("%s: ran %q, %q; want %q, %q", name, ran, did, tc.ran, tc.want)
		}
	}
}

// TestReloadBySignal follows pid files to the program that they name, and to no other.
func TestReloadBySignal(t *testing.T) {
	never := func(context.Context, ...string) (string, int, error) {
		return "", 0, errors.New("nothing is to be run")
	}
	cmd := exec.Command("sleep", "600")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = cmd.Wait() }()
	defer func() { _ = cmd.Process.Kill(); <-ended }()
	pid := strconv.Itoa(cmd.Process.Pid)
	h := tree(t, map[string]string{"/run/unbound.pid": pid + "\n"})
	h.runs = true
	if did, err := Reload(t.Context(), h, Unbound, never); err == nil || !strings.Contains(err.Error(), "send unbound a SIGHUP") {
		t.Errorf("another program under that pid: %q, %v", did, err)
	}
	if got := h.pid("sleep", "/run/other.pid", "/run/unbound.pid"); strconv.Itoa(got) != pid {
		t.Errorf("pid %d, want %s", got, pid)
	}
	if got := (&Host{Root: h.Root}).pid("sleep", "/run/unbound.pid"); got != 0 {
		t.Errorf("pid %d of a machine that does not run", got)
	}
	if err := os.WriteFile(h.path("/run/unbound.pid"), []byte("0"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := h.pid("sleep", "/run/unbound.pid"); got != 0 {
		t.Errorf("pid %d for 0", got)
	}
}
