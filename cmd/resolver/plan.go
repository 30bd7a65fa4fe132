package resolver

import (
	"fmt"
	"slices"
)

// Plan is what makes a host's resolver ask muster.
type Plan struct {
	Resolver Kind
	Why      string // what says that the host uses it
	Target
	Files   []File
	Notes   []string // what is good to know
	Refused string   // why nothing will be written; empty: all can be
	Steps   []string // what its owner can do then, in this order
	Reload  string   // the command after which the files count; empty: there is none
	Port53  []Listener

	check []string // the program that judges the files, with its arguments; empty: there is none
}

// NewPlan plans for a resolver. listeners are those at port 53 of this machine. The errors are of files that cannot be read.
func NewPlan(h *Host, use *Found, t Target, listeners []Listener) (*Plan, error) {
	rc, err := h.resolvConf()
	if err != nil {
		return nil, err
	}
	p := &Plan{Resolver: use.Kind, Why: use.Why, Target: t, Files: []File{}, Notes: []string{}, Steps: []string{}, Port53: listeners}
	if use.Kind == NetworkManager {
		p.throughNetworkManager(h, rc)
	}
	if p.Refused == "" {
		switch p.Resolver {
		case Resolved:
			err = p.resolved(h, rc)
		case NetworkManager:
			err = p.networkManager(h)
		case Dnsmasq:
			err = p.dnsmasq(h)
		case Unbound:
			err = p.unbound(h)
		case Resolvconf:
			p.resolvConf(h, rc)
		}
	}
	if err == nil && p.Refused == "" {
		err = p.outdated(h)
	}
	if err != nil {
		return nil, err
	}
	p.Reload = reloads(p.Resolver).command
	for _, f := range p.Files {
		if f.Action == Refuse && p.Refused == "" {
			p.Refused = fmt.Sprintf("%s is there: %s", f.Path, f.Why)
		}
	}
	return p, nil
}

// outdated has files go that muster wrote for this resolver when it was another version, or was set up differently.
func (p *Plan) outdated(h *Host) error {
	for _, path := range h.paths(p.Resolver) {
		if slices.ContainsFunc(p.Files, func(f File) bool { return f.Path == path }) {
			continue
		}
		now, err := h.look(path)
		if err != nil {
			return err
		}
		if now.there && now.alien == "" {
			p.Files = append(p.Files, File{Path: path, Action: Remove})
		}
	}
	return nil
}

func (p *Plan) file(h *Host, path, body string) error {
	f, err := h.planned(path, body)
	if err != nil {
		return err
	}
	p.Files = append(p.Files, f)
	return nil
}

func (p *Plan) note(format string, args ...any) {
	p.Notes = append(p.Notes, fmt.Sprintf(format, args...))
}

// systemdWithDelegates and systemdWithPorts are the versions that first had what their names say.
const (
	systemdWithDelegates = 258
	systemdWithPorts     = 246
)

func (p *Plan) resolved(h *Host, rc *resolvConf) error {
	version := h.systemdVersion()
	if version > 0 && version < systemdWithPorts && p.Server.Port() != 53 {
		p.Refused = fmt.Sprintf("systemd %d asks servers at port 53 alone, and muster's is %d", version, p.Server.Port())
		p.Steps = []string{`let muster answer on port 53, as well: {"ports": {"dns": 53}}`}
		return nil
	}
	if rc.there && rc.ofResolved() && !slices.ContainsFunc(rc.servers, resolvedStub) {
		p.note("%s names the servers of the links: programs that read it, rather than ask through nss-resolve, pass systemd-resolved by; "+
			"make it a link to /run/systemd/resolve/stub-resolv.conf", resolvConfPath)
	}
	if version >= systemdWithDelegates {
		return p.file(h, delegatePath, resolvedText(&p.Target, "Delegate"))
	}
	if len(p.Recursors) == 0 {
		p.note("this makes muster a server for all names that no link has a server for, and it refuses these unless it has recursors")
	}
	return p.file(h, resolvedPath, resolvedText(&p.Target, "Resolve"))
}

const (
	resolvedPath  = "/etc/systemd/resolved.conf.d/" + dropIn
	delegatePath  = "/etc/systemd/dns-delegate.d/muster.dns-delegate"
	nmPath        = "/etc/NetworkManager/conf.d/" + dropIn
	nmDnsmasqPath = "/etc/NetworkManager/dnsmasq.d/" + dropIn
)

// paths are where muster may have written for a kind.
func (h *Host) paths(kind Kind) []string {
	switch kind {
	case Resolved:
		return []string{resolvedPath, delegatePath}
	case NetworkManager:
		return []string{nmPath, nmDnsmasqPath}
	case Dnsmasq:
		if dir, _ := h.dnsmasqDir(); dir != "" {
			return []string{dir + "/" + dropIn}
		}
	case Unbound:
		var paths []string
		for _, dir := range unboundDirs() {
			paths = append(paths, dir+"/"+dropIn)
		}
		return paths
	}
	return nil
}

func (p *Plan) dnsmasq(h *Host) error {
	dir, onCommandLine := h.dnsmasqDir()
	if dir == "" {
		p.Refused = fmt.Sprintf("neither %s nor %s has dnsmasq read a directory of further files", dnsmasqMain, dnsmasqStart)
		p.Steps = []string{fmt.Sprintf("add the line conf-dir=/etc/dnsmasq.d/,*.conf to %s", dnsmasqMain)}
		return nil
	}
	path := dir + "/" + dropIn
	p.check = []string{"dnsmasq", "--test", "--conf-file=" + h.path(path)}
	if h.Live() {
		p.check = []string{"dnsmasq", "--test"}
		if onCommandLine != "" {
			p.check = append(p.check, "--conf-dir="+onCommandLine)
		}
	}
	return p.file(h, path, dnsmasqText(&p.Target))
}

func (p *Plan) unbound(h *Host) error {
	dir := h.unboundDir()
	if dir == "" {
		p.Refused = unboundMain + " includes no directory of further files"
		if !h.exists(unboundMain) {
			p.Refused = "there is no " + unboundMain
		}
		p.Steps = []string{fmt.Sprintf("add the line include-toplevel: \"%s/*.conf\" to %s", unboundDirs()[0], unboundMain)}
		return nil
	}
	path := dir + "/" + dropIn
	p.check = []string{"unbound-checkconf", h.path(path)}
	if h.Live() {
		p.check[1] = unboundMain
	}
	return p.file(h, path, unboundText(&p.Target))
}
