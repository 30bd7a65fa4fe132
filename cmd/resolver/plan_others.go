package resolver

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// throughNetworkManager decides what to do on a host where NetworkManager looks after DNS: it resolves
// nothing itself, so the files are for the program that does.
func (p *Plan) throughNetworkManager(h *Host, rc *resolvConf) {
	mode, from := h.nmMode(rc)
	said := ""
	if from != "" {
		said = fmt.Sprintf(" (dns=%s in %s)", mode, from)
	}
	switch mode {
	case nmResolved:
		p.Resolver = Resolved
		p.note("NetworkManager hands the servers of each link to systemd-resolved%s, which asks muster beside these: the file is systemd-resolved's", said)
	case nmDnsmasq:
		p.note("NetworkManager runs a dnsmasq of its own%s, which reads this directory; it does not ask the dnsmasq that is a service", said)
	case nmDefault:
		if _, there := h.firstOf("/usr/sbin/dnsmasq", "/usr/bin/dnsmasq", "/sbin/dnsmasq"); !there {
			p.Refused = "NetworkManager writes the servers of its links into resolv.conf" + said + ", and asks none for one zone alone unless dnsmasq is there to do it"
			p.Steps = []string{"install dnsmasq (dnsmasq-base is enough), which NetworkManager then runs itself, or enable systemd-resolved"}
			return
		}
		p.note("NetworkManager writes the servers of its links into resolv.conf%s. The first file has it run a dnsmasq of its own at 127.0.0.1:53 instead, and ask that", said)
		if _, there := bodyOf(h.text(nmPath)); !there { // else it is that very dnsmasq that has the port
			p.portFree()
		}
	default:
		p.Refused = "NetworkManager leaves DNS to others" + said
		p.Steps = []string{"name the program that resolves names here: -with resolved, dnsmasq, unbound or resolvconf"}
	}
}

// portFree refuses the plan if the place of NetworkManager's dnsmasq is taken.
func (p *Plan) portFree() {
	for _, l := range p.Port53 {
		if l.takes(netip.AddrFrom4([4]byte{127, 0, 0, 1})) {
			p.Refused = fmt.Sprintf("port 53 of 127.0.0.1, where NetworkManager's dnsmasq is to listen, is taken over %s by %s", l.Protocol, &l)
			p.Steps = []string{"have that program listen elsewhere, or set it up in NetworkManager's place: -with dnsmasq, unbound or resolvconf"}
			return
		}
	}
}

func (p *Plan) networkManager(h *Host) error {
	p.check = []string{"dnsmasq", "--test", "--conf-file=" + h.path(nmDnsmasqPath)}
	rc, err := h.resolvConf()
	if err != nil {
		return err
	}
	if mode, _ := h.nmMode(rc); mode != nmDnsmasq {
		if err := p.file(h, nmPath, networkManagerText()); err != nil {
			return err
		}
	}
	return p.file(h, nmDnsmasqPath, dnsmasqText(&p.Target))
}

// resolvConf plans for a host without a resolver of its own. resolv.conf is no place for files of others, is
// often rewritten by the one who wrote it, and knows no ports: so its owner is told what to do.
func (p *Plan) resolvConf(h *Host, rc *resolvConf) {
	p.Refused = "resolv.conf cannot ask a server for one zone alone, knows no ports, and belongs to whoever wrote it: muster does not write to it"
	server := p.Server.Addr()
	if p.Server.Port() != 53 || len(p.Recursors) == 0 {
		p.Steps = append(p.Steps, "have muster answer on port 53, and ask others for what is not its own: "+p.portAndRecursors(rc))
	}
	for _, l := range p.Port53 {
		own := l.Program == "muster" || l.PID == 0 && p.Server.Port() == 53
		step := fmt.Sprintf("free port 53 of %s, which is taken by %s", server, &l)
		if l.takes(server) && !own && !slices.Contains(p.Steps, step) {
			p.Steps = append(p.Steps, step)
		}
	}
	if rc.there && rc.first() == server {
		p.note("%s asks %s first already", resolvConfPath, server)
		return
	}
	line := "nameserver " + server.String()
	if tool, ok := h.resolvconfTool(); ok {
		p.Steps = append(p.Steps, fmt.Sprintf("echo %q | %s -a lo.muster, at each start of the system: it writes %s", line, tool, resolvConfPath))
		return
	}
	how := "put this line before the others in " + resolvConfPath + ": " + line
	if rc.ofNetworkManager() {
		how = fmt.Sprintf("set %s as ipv4.dns, with ipv4.ignore-auto-dns, in the connections of NetworkManager, which writes %s", server, resolvConfPath)
	}
	p.Steps = append(p.Steps, how)
}

// portAndRecursors is the configuration that muster needs to answer in a resolver's place.
func (p *Plan) portAndRecursors(rc *resolvConf) string {
	recursors := p.Recursors
	if len(recursors) == 0 {
		for _, a := range rc.servers {
			if !a.IsLoopback() {
				recursors = append(recursors, a.String())
			}
		}
	}
	if len(recursors) == 0 {
		recursors = []string{"ADDRESS OF YOUR RESOLVER"}
	}
	return fmt.Sprintf(`{"ports": {"dns": 53}, "recursors": ["%s"]}`, strings.Join(recursors, `", "`))
}

// resolvconfTool is the program that merges parts of resolv.conf, of openresolv or Debian. resolvectl, which
// goes by that name on some hosts, is another.
func (h *Host) resolvconfTool() (string, bool) {
	for _, name := range []string{"/usr/sbin/resolvconf", "/sbin/resolvconf", "/usr/bin/resolvconf"} {
		if _, real, err := h.read(name); err == nil && !strings.HasSuffix(real, "/resolvectl") {
			return name, true
		}
	}
	return "", false
}
