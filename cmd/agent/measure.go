package agent

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"muster/catalog"
)

// measure brings the gauges that nobody keeps up to date to the present.
func (a *Agent) measure() {
	snap := a.state.Snapshot()
	n := snap.Counts()
	a.metrics.Catalog.Set(n.Nodes, n.Instances, n.Checks, n.Keys, snap.Index)
	a.metrics.Catalog.Behind(a.behind(), a.age())
	var server, https time.Time
	if a.rpcCerts != nil {
		server = a.rpcCerts.Expiry()
	}
	if a.httpsCerts != nil {
		https = a.httpsCerts.Expiry()
	}
	a.metrics.Certs.Set(server, https)
	byStatus := map[catalog.Status]int{}
	for _, c := range a.store.Checks() {
		byStatus[c.Status]++
	}
	a.measureGuards(snap)
	a.metrics.Checks.Set(byStatus[catalog.Passing], byStatus[catalog.Warning], byStatus[catalog.Critical])
}

// portHint adds to a failed listen what its operator most likely needs to know.
func portHint(err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%w (another program has the port; on port 53 it is usually systemd-resolved's stub listener, "+
			"which DNSStubListener=no turns off: `ss -lntup` shows who)", err)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("%w (ports below 1024 need a privilege: run `setcap cap_net_bind_service=+ep` on the binary, "+
			"or give the systemd unit AmbientCapabilities=CAP_NET_BIND_SERVICE)", err)
	}
	return err
}
