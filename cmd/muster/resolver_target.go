package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
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
}

// resolverTarget is what flags say, and else the agent. from says whose word it is.
func (s *shell) resolverTarget(c *cli.Context) (t resolver.Target, from string, err error) {
	d := &dnsSettings{from: "as stated"}
	if !c.IsSet("domain") || !c.IsSet("dns-addr") {
		if d, err = s.dnsSettings(c); err != nil {
			return t, "", err
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
		return t, "", err
	}
	networks := d.DNSReverseNetworks
	if c.IsSet("reverse") {
		networks = c.StringSlice("reverse")
	}
	for _, text := range networks {
		n, err := netip.ParsePrefix(text)
		if err != nil {
			return t, "", usagef(c, "%q is no network: %v", text, err)
		}
		t.Reverse = append(t.Reverse, n)
	}
	if err := t.Validate(); err != nil {
		return t, "", usagef(c, "%v", err)
	}
	return t, d.from, nil
}

// dnsSettings asks the agent. One that does not run has the settings of most.
func (s *shell) dnsSettings(c *cli.Context) (*dnsSettings, error) {
	agent, err := s.agent(c)
	if err != nil {
		return nil, err
	}
	self, err := agent.Self(c.Context)
	if gone, ok := errors.AsType[*httpapi.ClientUnreachableError](err); ok {
		return &dnsSettings{DNSDomain: "consul", DNSAddrs: []string{"udp://127.0.0.1:8600"}, from: "by default, as no agent answers at " + gone.Addr}, nil
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
	return d, nil
}

// dnsServer is where muster's DNS is asked from this machine: on loopback if it can be.
func dnsServer(c *cli.Context, d *dnsSettings) (netip.AddrPort, error) {
	if c.IsSet("dns-addr") {
		server, err := addrPort(c.String("dns-addr"), 8600)
		if err != nil {
			return server, usagef(c, "-dns-addr: %v", err)
		}
		return server, nil
	}
	var best netip.AddrPort
	for _, text := range d.DNSAddrs {
		rest, udp := strings.CutPrefix(text, "udp://")
		a, err := netip.ParseAddrPort(rest)
		if !udp || err != nil {
			continue
		}
		if a.Addr().IsUnspecified() {
			a = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), a.Port())
		}
		if !best.IsValid() || a.Addr().IsLoopback() && !best.Addr().IsLoopback() {
			best = a
		}
	}
	switch {
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
