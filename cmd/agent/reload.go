package agent

import (
	"reflect"
	"slices"
	"strings"

	"muster/catalog"
	"muster/catalog/local"
	"muster/consensus/certs"
)

// Reload reads the configuration again and takes in what can change while the
// agent runs: services and checks, all of DNS but its addresses, the log level,
// node meta, locality. It is all or nothing, keeps the state of checks that did not
// change, and returns what changed in a line for people. The error lists every
// problem of the configuration; a change that needs a restart is one of them.
func (a *Agent) Reload() (string, error) {
	a.reload.Lock()
	defer a.reload.Unlock()
	if a.opts.LoadConfig == nil {
		return "", catalog.Errorf(catalog.Invalid, "reload: this agent was not started from files")
	}
	next, err := a.opts.LoadConfig()
	if err != nil {
		return "", catalog.Errorf(catalog.Invalid, "reload: %w", err)
	}
	old := a.config()
	if fixed := fixedChanges(old, &next); len(fixed) > 0 {
		return "", catalog.Errorf(catalog.Invalid, "reload: a restart is needed to change %s", strings.Join(fixed, ", "))
	}
	certificates, err := a.prepareCerts(&next)
	if err != nil {
		return "", catalog.Errorf(catalog.Invalid, "reload: %w", err)
	}
	// What can still fail goes first; DNS is put back if the services then fail.
	if a.dns != nil {
		if err := a.dns.Reload(a.dnsConfig(&next)); err != nil {
			return "", catalog.Errorf(catalog.Invalid, "reload: %w", err)
		}
	}
	diff, err := a.store.LoadConfig(next.Services, next.Checks)
	if err != nil {
		if a.dns != nil {
			_ = a.dns.Reload(a.dnsConfig(old)) // it was running a moment ago
		}
		return "", catalog.Errorf(catalog.Invalid, "reload: %w", err)
	}
	newCerts := slices.ContainsFunc(certificates, (*certs.Change).Any) // compared with those in use until now
	for _, c := range certificates {
		c.Commit()
	}
	a.store.SetGuard(next.defaultGuard())
	a.cfg.Store(&next)
	a.logs.level.Set(next.LogLevel)
	a.watchProbes()
	a.watches.set(next.Watches)
	for _, w := range next.Warnings {
		if !slices.Contains(old.Warnings, w) {
			a.logs.Warn("configuration", "warning", w)
		}
	}
	var changed []string
	if diff != (local.Diff{}) {
		changed = append(changed, diff.String())
	}
	if !reflect.DeepEqual(old.DNSConfig(), next.DNSConfig()) {
		changed = append(changed, "DNS settings")
	}
	if !reflect.DeepEqual(old.Watches, next.Watches) {
		changed = append(changed, "watches")
	}
	if old.DisableRemoteExec != next.DisableRemoteExec || !reflect.DeepEqual(old.RemoteExecAllow, next.RemoteExecAllow) {
		changed = append(changed, "remote execution")
	}
	if old.Guard != next.Guard {
		changed = append(changed, "guard")
	}
	if newCerts {
		changed = append(changed, "certificates")
	}
	if old.LogLevel != next.LogLevel {
		changed = append(changed, "log level")
	}
	if !reflect.DeepEqual(old.NodeMeta, next.NodeMeta) {
		changed = append(changed, "node meta")
	}
	if old.Locality != next.Locality {
		changed = append(changed, "locality")
	}
	if len(changed) == 0 {
		changed = append(changed, diff.String()) // says that nothing did
	}
	line := strings.Join(changed, ", ")
	a.logs.Info("configuration reloaded", "changed", line)
	return line, nil
}

// fixedChanges names the settings that differ and take a restart.
func fixedChanges(old, next *Config) []string {
	out := fixedClusterChanges(old, next)
	for _, f := range []struct {
		name string
		same bool
	}{
		{"node_name", old.NodeName == next.NodeName},
		{"node_id", old.NodeID == next.NodeID},
		{"datacenter", old.Datacenter == next.Datacenter},
		{"data_dir", old.DataDir == next.DataDir},
		{"server", old.Server == next.Server},
		{"bootstrap", old.Bootstrap == next.Bootstrap},
		{"bind_addr, advertise_addr, client_addr or addresses", reflect.DeepEqual(old.Addresses, next.Addresses)},
		{"ports", old.Ports == next.Ports},
		{"http_config or unix_sockets", reflect.DeepEqual(old.HTTP, next.HTTP)},
		{"limits", old.Limits == next.Limits},
		{"ui", old.UI == next.UI && old.UIDir == next.UIDir},
		{"log_json", old.LogJSON == next.LogJSON},
		{"enable_debug", old.EnableDebug == next.EnableDebug},
		{"pid_file", old.PidFile == next.PidFile},
		{"enable_script_checks", old.EnableScriptChecks == next.EnableScriptChecks},
		{"enable_local_script_checks", old.EnableLocalScriptChecks == next.EnableLocalScriptChecks},
		{"check_update_interval", old.CheckUpdateInterval == next.CheckUpdateInterval},
		{"leave_on_terminate", old.LeaveOnTerm == next.LeaveOnTerm},
		{"skip_leave_on_interrupt", old.SkipLeaveOnInt == next.SkipLeaveOnInt},
		{"raft snapshot settings", old.RaftSnapshotThreshold == next.RaftSnapshotThreshold && old.RaftSnapshotInterval == next.RaftSnapshotInterval},
	} {
		if !f.same {
			out = append(out, f.name)
		}
	}
	return out
}
