package main

import (
	"fmt"
	"net/netip"
	"strings"

	"muster/catalog/httpapi"
	"muster/cmd/agent"
)

// servicesIn returns the services that config files define, in order.
func servicesIn(paths []string) ([]httpapi.ClientService, error) {
	cfg, err := agent.Load(agent.LoadOptions{
		Dev:   true, // asks for nothing that files with services only lack
		Paths: paths,
		// The services are another agent's: this host does not matter.
		Hostname:  func() (string, error) { return "localhost", nil },
		HostAddrs: func() ([]netip.Addr, error) { return nil, nil },
	})
	if err != nil {
		return nil, err
	}
	if len(cfg.Services) == 0 {
		return nil, fmt.Errorf("no service is defined in %s", strings.Join(paths, ", "))
	}
	return cfg.Services, nil
}
