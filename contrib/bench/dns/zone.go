//go:build linux

package main

import (
	"fmt"

	"muster/contrib/bench/names"
)

// zoneFile returns the lines of a zone that holds what muster answers for a set:
// the same names, records, TTLs and SOA values.
func zoneFile(set names.Set) []string {
	lines := []string{
		"$TTL 0",
		fmt.Sprintf("%s. SOA ns.%s. hostmaster.%s. 1 3600 600 86400 0", names.Domain, names.Domain, names.Domain),
		fmt.Sprintf("%s. NS ns.%s.", names.Domain, names.Domain),
		fmt.Sprintf("ns.%s. A 127.0.0.1", names.Domain),
	}
	for s := range set.Services {
		owner := set.QName(s)
		for _, i := range set.Of(s) {
			target := names.Target(i.Address)
			lines = append(lines,
				fmt.Sprintf("%s. A %s", owner, i.Address),
				fmt.Sprintf("%s. SRV 1 1 %d %s.", owner, names.Port, target),
				fmt.Sprintf("%s. A %s", target, i.Address))
		}
	}
	return lines
}

// knotConf is Knot's configuration: one worker, one zone, nothing beside it.
func knotConf(dir, zone string, port int) []string {
	return []string{
		"server:",
		fmt.Sprintf("  rundir: %q", dir),
		fmt.Sprintf("  listen: 127.0.0.1@%d", port),
		"  udp-workers: 1",
		"  tcp-workers: 1",
		"  background-workers: 1",
		"  automatic-acl: off",
		"log:",
		"  - target: stderr",
		"    any: warning",
		"database:",
		fmt.Sprintf("  storage: %q", dir),
		"template:",
		"  - id: default",
		fmt.Sprintf("    storage: %q", dir),
		"    zonefile-sync: -1",
		"    zonefile-load: whole",
		"    journal-content: none",
		"    semantic-checks: off",
		"zone:",
		fmt.Sprintf("  - domain: %s", names.Domain),
		fmt.Sprintf("    file: %q", zone),
	}
}

// nsdConf is NSD's configuration: one server process, one zone, answers as short as the others'.
func nsdConf(dir, zone string, port int) []string {
	return []string{
		"server:",
		"  server-count: 1",
		"  ip-address: 127.0.0.1",
		fmt.Sprintf("  port: %d", port),
		`  username: ""`,
		`  chroot: ""`,
		fmt.Sprintf("  zonesdir: %q", dir),
		fmt.Sprintf("  pidfile: %q", dir+"/nsd.pid"),
		`  database: ""`,
		fmt.Sprintf("  xfrdfile: %q", dir+"/xfrd.state"),
		fmt.Sprintf("  xfrdir: %q", dir),
		fmt.Sprintf("  zonelistfile: %q", dir+"/zone.list"),
		"  minimal-responses: yes",
		"  rrl-ratelimit: 0",
		"  tcp-count: 200",
		"remote-control:",
		"  control-enable: no",
		"zone:",
		fmt.Sprintf("  name: %s", names.Domain),
		fmt.Sprintf("  zonefile: %q", zone),
	}
}
