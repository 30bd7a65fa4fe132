package resolver

import (
	"errors"
	"fmt"
	"net/netip"
)

// Found is which program resolves names on a host, and what says so.
type Found struct {
	Kind Kind
	Why  string
}

// ErrUnclear says that nothing on a host tells which program resolves its names.
var ErrUnclear = errors.New("nothing tells which program resolves names here")

// Detect follows /etc/resolv.conf to the program that its first server is. listeners are those at port 53.
// The error is ErrUnclear, or that a file cannot be read.
func Detect(h *Host, listeners []Listener) (*Found, error) {
	rc, err := h.resolvConf()
	if err != nil {
		return nil, err
	}
	first := rc.first()
	switch {
	case rc.ofResolved():
		return &Found{Resolved, fmt.Sprintf("%s is a link to %s", resolvConfPath, rc.real)}, nil
	case resolvedStub(first):
		return &Found{Resolved, fmt.Sprintf("%s asks %s, where systemd-resolved listens", resolvConfPath, first)}, nil
	case !rc.there:
		return h.detectEnabled()
	case first.IsLoopback():
		return h.detectLocal(first, listeners)
	case rc.ofNetworkManager():
		return &Found{NetworkManager, fmt.Sprintf("NetworkManager wrote %s", rc.real)}, nil
	}
	return &Found{Resolvconf, fmt.Sprintf("%s asks %s, no resolver of this host", resolvConfPath, first)}, nil
}

// detectEnabled looks into a tree without a resolv.conf: that of a machine that does not run.
func (h *Host) detectEnabled() (*Found, error) {
	for _, file := range []struct {
		kind    Kind
		pattern string
	}{
		{Resolved, "/etc/systemd/system/*.wants/systemd-resolved.service"},
		{NetworkManager, "/etc/systemd/system/*.wants/NetworkManager.service"},
		{Unbound, "/etc/systemd/system/*.wants/unbound.service"},
		{Dnsmasq, "/etc/systemd/system/*.wants/dnsmasq.service"},
	} {
		if found := h.glob(file.pattern); len(found) > 0 {
			return &Found{file.kind, "there is no " + resolvConfPath + ", but " + found[0]}, nil
		}
	}
	return nil, fmt.Errorf("%w: there is no %s", ErrUnclear, resolvConfPath)
}

// detectLocal finds out which program a server on this machine is: by who has the port, or else by what lies around.
func (h *Host) detectLocal(server netip.Addr, listeners []Listener) (*Found, error) {
	asked := fmt.Sprintf("%s asks %s", resolvConfPath, server)
	for _, l := range listeners {
		if !l.takes(server) || l.PID == 0 {
			continue
		}
		if kind, known := kindOf(l.Program); known {
			if kind == Dnsmasq && h.pid("dnsmasq", nmDnsmasqPID) == l.PID {
				kind = NetworkManager
			}
			return &Found{kind, fmt.Sprintf("%s, which is %s", asked, &l)}, nil
		}
	}
	for _, sign := range []struct {
		kind  Kind
		files []string
	}{
		{NetworkManager, []string{nmDnsmasqPID}},
		{Unbound, unboundPIDs()},
		{Dnsmasq, []string{"/run/dnsmasq/dnsmasq.pid", "/run/dnsmasq.pid"}},
	} {
		if file, ok := h.firstOf(sign.files...); ok {
			return &Found{sign.kind, fmt.Sprintf("%s, and there is %s", asked, file)}, nil
		}
	}
	_, unbound := h.firstOf(unboundMain)
	_, dnsmasq := h.firstOf(dnsmasqMain)
	switch {
	case unbound && !dnsmasq:
		return &Found{Unbound, fmt.Sprintf("%s, and there is %s", asked, unboundMain)}, nil
	case dnsmasq && !unbound:
		return &Found{Dnsmasq, fmt.Sprintf("%s, and there is %s", asked, dnsmasqMain)}, nil
	}
	return nil, fmt.Errorf("%w: %s, and nothing shows who that is", ErrUnclear, asked)
}

// kindOf is what a program is, by its name in the kernel.
func kindOf(program string) (Kind, bool) {
	kind, known := map[string]Kind{
		"systemd-resolve": Resolved, "dnsmasq": Dnsmasq, "unbound": Unbound, "muster": Resolvconf,
	}[program]
	return kind, known
}
