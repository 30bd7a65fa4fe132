package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"muster/catalog/httpapi"
	"muster/cmd/resolver"
)

// dnsSettings are what an agent tells of its DNS.
type dnsSettings struct {
	DNSDomain, DNSAltDomain                    string
	DNSAddrs, DNSRecursors, DNSReverseNetworks []string
	from                                       string // who says so

	guessed bool         // nobody does: they are those of most
	away    []netip.Addr // of the agent, if it runs on another machine
}

// resolverTarget is what flags say, and else the agent. d tells whose word it is.
func (s *shell) resolverTarget(c *cli.Context) (t resolver.Target, d *dnsSettings, err error) {
	d = &dnsSettings{from: "as stated"}
	if !c.IsSet("domain") || !c.IsSet("dns-addr") {
		if d, err = s.dnsSettings(c); err != nil {
			return t, nil, err
		}
	}
	t.Recursors = d.DNSRecursors
	if t.Zones = c.StringSlice("domain"); !c.IsSet("domain") {
		t.Zones = []string{d.DNSDomain, d.DNSAltDomain}
	}
	for i, z := range t.Zones {
		t.Zones[i] = strings.ToLower(strings.TrimSuffix(z, "."))
	}
	if !c.IsSet("domain") && t.Zones[1] == "" {
		t.Zones = t.Zones[:1]
	}
	if t.Server, err = dnsServer(c, d); err != nil {
		return t, nil, err
	}
	networks := d.DNSReverseNetworks
	if c.IsSet("reverse") {
		networks = c.StringSlice("reverse")
	}
	for _, text := range networks {
		n, err := netip.ParsePrefix(text)
		if err != nil {
			return t, nil, usagef(c, "%q is no network: %v", text, err)
		}
		t.Reverse = append(t.Reverse, n)
	}
	if err := t.Validate(); err != nil {
		return t, nil, usagef(c, "%v", err)
	}
	return t, d, nil
}

// dnsSettings asks the agent. One of this machine that does not run is taken to have the settings of most.
func (s *shell) dnsSettings(c *cli.Context) (*dnsSettings, error) {
	agent, err := s.agent(c)
	if err != nil {
		return nil, err
	}
	self, err := agent.Self(c.Context)
	if gone, ok := errors.AsType[*httpapi.ClientUnreachableError](err); ok {
		if away, lost := elsewhere(c.Context, agent.Addr()); lost != nil || len(away) > 0 {
			return nil, err // nothing is known of the agent of this machine
		}
		return &dnsSettings{DNSDomain: "consul", DNSAddrs: []string{"udp://127.0.0.1:8600"}, from: "by default, as no agent answers at " + gone.Addr, guessed: true}, nil
	}
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(self.DebugConfig)
	if err != nil {
		return nil, err
	}
	d := &dnsSettings{from: fmt.Sprintf("as agent %s says", self.Config.NodeName)}
	if err := json.Unmarshal(text, d); err != nil {
		return nil, fmt.Errorf("read what the agent tells of its DNS: %w", err)
	}
	if d.away, err = elsewhere(c.Context, agent.Addr()); err != nil {
		return nil, fmt.Errorf("find the machine of the agent: %w", err)
	}
	return d, nil
}

// elsewhere returns the addresses of the machine in an agent's URL, none when it is this one.
func elsewhere(ctx context.Context, at string) ([]netip.Addr, error) {
	u, err := url.Parse(at)
	if err != nil || u.Scheme == "unix" {
		return nil, err
	}
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", u.Hostname())
	if err != nil {
		return nil, err
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	for i, a := range found {
		found[i] = a.Unmap()
		here := func(n net.Addr) bool {
			p, err := netip.ParsePrefix(n.String())
			return err == nil && p.Addr().Unmap() == found[i].WithZone("")
		}
		if found[i].IsLoopback() || found[i].IsUnspecified() || slices.ContainsFunc(own, here) {
			return nil, nil
		}
	}
	return found, nil
}

// dnsServer is where muster's DNS is asked from this machine.
func dnsServer(c *cli.Context, d *dnsSettings) (netip.AddrPort, error) {
	if c.IsSet("dns-addr") {
		server, err := addrPort(c.String("dns-addr"), 8600)
		if err != nil {
			return server, usagef(c, "-dns-addr: %v", err)
		}
		return server, nil
	}
	return d.server()
}

// server is one of the agent's addresses: on loopback if it can be, which is the agent's alone if that runs elsewhere.
func (d *dnsSettings) server() (netip.AddrPort, error) {
	var best netip.AddrPort
	shut := false
	for _, text := range d.DNSAddrs {
		rest, udp := strings.CutPrefix(text, "udp://")
		a, err := netip.ParseAddrPort(rest)
		if !udp || err != nil {
			continue
		}
		switch {
		case a.Addr().IsUnspecified() && len(d.away) > 0:
			i := slices.IndexFunc(d.away, func(at netip.Addr) bool { return at.Is4() || a.Addr().Is6() }) // [::] takes both
			if i < 0 {
				continue
			}
			a = netip.AddrPortFrom(d.away[i], a.Port())
		case a.Addr().IsUnspecified():
			a = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), a.Port())
		case a.Addr().IsLoopback() && len(d.away) > 0:
			shut = true
			continue
		}
		if !best.IsValid() || a.Addr().IsLoopback() && !best.Addr().IsLoopback() {
			best = a
		}
	}
	switch {
	case !best.IsValid() && shut:
		return best, errors.New("the agent runs on another machine, and answers DNS on the loopback of that alone: name an agent of this machine with -http-addr, or its DNS with -dns-addr")
	case !best.IsValid():
		return best, errors.New("the agent answers no DNS: set ports.dns, or name another agent's with -dns-addr")
	case best.Port() == 0:
		return best, errors.New("the agent answers DNS at a port of the kernel's choice: set ports.dns, or -dns-addr")
	}
	return best, nil
}

// addrPort reads an address, with or without a port.
func addrPort(text string, port uint16) (netip.AddrPort, error) {
	if a, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
		return netip.AddrPortFrom(a, port), nil
	}
	return netip.ParseAddrPort(text)
}
