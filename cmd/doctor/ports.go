package doctor

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"muster/cmd/resolver"
	"muster/cmd/terminal"
)

// port is one that the agent is to listen on.
type port struct {
	key     string // of the configuration
	network string // tcp or udp
	at      netip.AddrPort
}

func (p port) String() string { return fmt.Sprintf("%s %s (%s)", p.network, p.at, p.key) }

// holds reports whether nobody can have a port beside a socket that listens.
func holds(l *resolver.Listener, p port) bool {
	if l.Protocol != p.network || l.Addr.Port() != p.at.Port() {
		return false
	}
	have, want := l.Addr.Addr().Unmap(), p.at.Addr().Unmap()
	switch {
	case have == want:
		return true
	case have.IsUnspecified():
		return have.Is6() || want.Is4() // [::] takes IPv4, too
	}
	return want.IsUnspecified() && (want.Is6() || have.Is4())
}

func lookAtPorts(_ context.Context, c *chart) []Finding {
	wanted := c.set.ports()
	if len(wanted) == 0 {
		return skip("the configuration names none: each is any free one")
	}
	var numbers []uint16
	for _, p := range wanted {
		numbers = append(numbers, p.at.Port())
	}
	all, err := resolver.Listeners(numbers...)
	if err != nil {
		return skip("who listens cannot be seen: %v", err)
	}
	if c.self != nil {
		return judgeServed(wanted, all)
	}
	return judgeFree(wanted, all)
}

// ports lists the ports that are given by number.
func (s settings) ports() []port {
	var out []port
	add := func(key string, urls ...string) {
		for _, url := range urls {
			network, at, _ := strings.Cut(url, "://")
			if a, err := netip.ParseAddrPort(at); err == nil && a.Port() != 0 { // else a unix socket, or any port
				out = append(out, port{key, network, a})
			}
		}
	}
	add("ports.dns", s.DNSAddrs...)
	add("ports.http", s.HTTPAddrs...)
	add("ports.https", s.HTTPSAddrs...)
	add("ports.server", s.RPCBindAddr)
	for _, gossip := range []struct{ key, url string }{{"ports.serf_lan", s.SerfBindAddrLAN}, {"ports.serf_wan", s.SerfBindAddrWAN}} {
		add(gossip.key, gossip.url, strings.Replace(gossip.url, "tcp://", "udp://", 1))
	}
	return out
}

// holdersOf are those that a port is held by.
func holdersOf(p port, all []resolver.Listener) []resolver.Listener {
	return slices.DeleteFunc(slices.Clone(all), func(l resolver.Listener) bool { return !holds(&l, p) })
}

// judgeFree finds what is in the way of an agent that does not run.
func judgeFree(wanted []port, all []resolver.Listener) []Finding {
	lost := map[string][]string{}
	for _, p := range wanted {
		if holders := holdersOf(p, all); len(holders) > 0 {
			holder := holders[0].String()
			lost[holder] = append(lost[holder], p.String())
		}
	}
	if len(lost) == 0 {
		return ok("%s to listen on, all free", terminal.Count(len(wanted), "port"))
	}
	var out []Finding
	for _, holder := range slices.Sorted(maps.Keys(lost)) {
		out = append(out, fail("stop that, or give the agent other ports or addresses", "%s has %s", holder, some(lost[holder]))...)
	}
	return out
}

// systemd is the name of the process that may hold ports for the agent.
const systemd = "systemd"

// judgeServed finds ports that somebody else than the agent listens on, or nobody.
func judgeServed(wanted []port, all []resolver.Listener) []Finding {
	agent := whoAnswers(wanted, all)
	var out []Finding
	for _, p := range wanted {
		holders := holdersOf(p, all)
		own := func(l resolver.Listener) bool {
			return agent == 0 || l.PID == 0 || l.PID == agent || l.Program == systemd
		}
		switch {
		case len(holders) == 0:
			out = append(out, fail("see the agent's log, and restart it", "nobody listens on %s", p)...)
		case !slices.ContainsFunc(holders, own):
			out = append(out, fail("stop that, and restart the agent", "%s has %s", &holders[0], p)...)
		}
	}
	if len(out) == 0 {
		return ok("%s, all the agent's", terminal.Count(len(wanted), "port"))
	}
	return out
}

// whoAnswers is the process of the agent: the one that has the HTTP port, since the agent has answered there; 0: not known.
func whoAnswers(wanted []port, all []resolver.Listener) int {
	for _, p := range wanted {
		if !strings.HasPrefix(p.key, "ports.http") {
			continue
		}
		for _, l := range holdersOf(p, all) {
			if l.Program != systemd && l.PID != 0 {
				return l.PID
			}
		}
	}
	return 0
}
