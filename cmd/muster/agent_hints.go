package main

import (
	"fmt"
	"net"
	"strings"

	"muster/cmd/agent"
)

// printHints tells a newcomer what to try with the agent that has just started.
func (s *shell) printHints(cfg *agent.Config) {
	service := "consul" // the servers themselves; always there
	if len(cfg.Services) > 0 {
		service = cfg.Services[0].Name
	}
	var lines []string
	if dns := cfg.DNSListen(); len(dns) > 0 && cfg.Ports.DNS != 0 {
		host, port, _ := net.SplitHostPort(dns[0]) // made by JoinHostPort
		name := service + ".service." + strings.TrimSuffix(cfg.DNS.Domain, ".")
		dig := fmt.Sprintf("dig @%s -p %s %s", host, port, name)
		lines = append(lines, dig, dig+" SRV")
	}
	var http string
	for _, addr := range cfg.HTTPListen() {
		if http == "" && cfg.Ports.HTTP != 0 && !strings.HasPrefix(addr, "unix://") {
			http = "http://" + addr
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
