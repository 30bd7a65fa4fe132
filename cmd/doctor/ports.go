package doctor

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// port is one that the agent is to listen on.
type port struct {
	key     string // of the configuration
	network string // tcp or udp
	at      netip.AddrPort
}

func (p port) String() string { return fmt.Sprintf("%s %s (%s)", p.network, p.at, p.key) }

// taken is a port that somebody listens on.
type taken struct {
	network string
	at      netip.AddrPort
	pid     int32  // 0: not known, such as one of another user
	program string // its name; empty: not known
}

func (t taken) holder() string {
	if t.pid == 0 {
		return "a process of another user"
	}
	return fmt.Sprintf("%s (pid %d)", t.program, t.pid)
}

// holds reports whether nobody can have p beside t.
func (t taken) holds(p port) bool {
	if t.network != p.network || t.at.Port() != p.at.Port() {
		return false
	}
	have, want := t.at.Addr().Unmap(), p.at.Addr().Unmap()
	switch {
	case have == want:
		return true
	case have.IsUnspecified():
		return have.Is6() || want.Is4() // [::] takes IPv4, too
	}
	return want.IsUnspecified() && (want.Is6() || have.Is4())
}

func lookAtPorts(ctx context.Context, c *chart) []Finding {
	wanted := c.set.ports()
	if len(wanted) == 0 {
		return skip("the configuration names none: each is any free one")
	}
	all, err := listening(ctx, wanted)
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

// judgeFree finds what is in the way of an agent that does not run.
func judgeFree(wanted []port, all []taken) []Finding {
	lost := map[string][]string{}
	for _, p := range wanted {
		if i := slices.IndexFunc(all, func(t taken) bool { return t.holds(p) }); i >= 0 {
			holder := all[i].holder()
			lost[holder] = append(lost[holder], p.String())
		}
	}
	if len(lost) == 0 {
		return ok("%s to listen on, all free", count(len(wanted), "port"))
	}
	var out []Finding
	for _, holder := range slices.Sorted(maps.Keys(lost)) {
		out = append(out, fail("stop that, or give the agent other ports or addresses", "%s has %s", holder, some(lost[holder]))...)
	}
	return out
}

// systemd is the name of the process that may hold ports for the agent.
const systemd = "systemd"

// judgeServed finds ports that somebody else than the agent listens on, or nobody. The agent
// is whoever has the HTTP port, since it has answered there.
func judgeServed(wanted []port, all []taken) []Finding {
	var agent int32
	for _, p := range wanted {
		for _, t := range all {
			if agent == 0 && strings.HasPrefix(p.key, "ports.http") && t.holds(p) && t.program != systemd {
				agent = t.pid
			}
		}
	}
	var out []Finding
	for _, p := range wanted {
		var holders []string
		own := false
		for _, t := range all {
			if t.holds(p) {
				own = own || agent == 0 || t.pid == 0 || t.pid == agent || t.program == systemd
				holders = append(holders, t.holder())
			}
		}
		switch {
		case len(holders) == 0:
			out = append(out, fail("see the agent's log, and restart it", "nobody listens on %s", p)...)
		case !own:
			out = append(out, fail("stop that, and restart the agent", "%s has %s", holders[0], p)...)
		}
	}
	if len(out) == 0 {
		return ok("%s, all the agent's", count(len(wanted), "port"))
	}
	return out
}
