package main

import (
	"fmt"
	"net"
	"net/netip"
	"strings"

	"muster/cmd/agent"
)

// bound is an agent with its doors open.
type bound interface {
	DNSAddrs() []netip.AddrPort
	HTTPAddrs() []net.Addr
}

// printHints tells a newcomer what to try with the agent that has just started.
func (s *shell) printHints(a bound, cfg *agent.Config) {
	service := "consul" // the servers themselves; always there
	if len(cfg.Services) > 0 {
		service = cfg.Services[0].Name
	}
	var lines []string
	if dns := a.DNSAddrs(); len(dns) > 0 {
		name := service + ".service." + strings.TrimSuffix(cfg.DNS.Domain, ".")
		dig := fmt.Sprintf("dig @%s -p %d %s", dns[0].Addr(), dns[0].Port(), name)
		lines = append(lines, dig, dig+" SRV")
	}
	http := ""
	for _, addr := range a.HTTPAddrs() {
		if http == "" && addr.Network() == "tcp" {
			http = "http://" + addr.String()
		}
	}
	if http != "" {
		lines = append(lines, "curl "+http+"/v1/health/service/"+service)
	}
	if len(lines) > 0 {
		fmt.Fprintf(s.stdout, "\nmuster is running. Try in another terminal:\n\n    %s\n\n", strings.Join(lines, "\n    "))
	}
	if http == "" {
		return
	}
	if cfg.UI {
		fmt.Fprintf(s.stdout, "UI:      %s/ui/\n", http)
	}
	fmt.Fprintf(s.stdout, "Metrics: %s/metrics\n\n", http)
}
