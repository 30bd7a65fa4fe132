package httpapi

import (
	"math"
	"time"

	"muster/catalog"
	"muster/catalog/document"
)

// AutopilotConfig is how the leader looks after the servers; see [catalog.Autopilot].
type AutopilotConfig struct {
	CleanupDeadServers      bool
	LastContactThreshold    string // a duration
	MaxTrailingLogs         uint64
	MinQuorum               uint
	ServerStabilizationTime string // a duration
	RedundancyZoneTag       string // always empty
	DisableUpgradeMigration bool   // always false
	UpgradeVersionTag       string // always empty
	CreateIndex             uint64 // 0: the settings are the defaults
	ModifyIndex             uint64
}

func (s *Server) autopilotConfig(r *request) (answer, error) {
	return s.read(r, func(snap *catalog.Snapshot) (found, error) {
		c, mark := snap.Autopilot()
		return found{mark: mark, value: AutopilotConfig{
			CleanupDeadServers: c.CleanupDeadServers, LastContactThreshold: c.LastContactThreshold.String(),
			MaxTrailingLogs: c.MaxTrailingLogs, MinQuorum: c.MinQuorum,
			ServerStabilizationTime: c.ServerStabilizationTime.String(),
			CreateIndex:             c.CreateIndex, ModifyIndex: c.ModifyIndex,
		}}, nil
	})
}

// autopilotBody is the body that replaces the settings. What it leaves out gets its default.
type autopilotBody struct {
	CleanupDeadServers      bool
	LastContactThreshold    time.Duration
	MaxTrailingLogs         int
	MinQuorum               int
	ServerStabilizationTime time.Duration
}

// foreignAutopilotKey judges the keys that autopilotBody lacks: Consul Enterprise
// has them, and to ignore them would be to do something else than was asked.
func foreignAutopilotKey(key document.ForeignKey) (refusal string, known bool) {
	foreign := map[string]bool{"redundancyzonetag": true, "disableupgrademigration": true, "upgradeversiontag": true}
	return judge(foreign, key.Path, key.Idle, "belongs to Consul's enterprise features, which muster does not have")
}

// setAutopilotConfig replaces the settings, with ?cas only if ModifyIndex is that; it answers whether it did.
func (s *Server) setAutopilotConfig(r *request) (answer, error) {
	cas, err := r.uint("cas")
	if err != nil {
		return answer{}, err
	}
	d := catalog.DefaultAutopilot()
	body := autopilotBody{
		CleanupDeadServers: d.CleanupDeadServers, LastContactThreshold: d.LastContactThreshold, MaxTrailingLogs: int(d.MaxTrailingLogs),
		MinQuorum: int(d.MinQuorum), ServerStabilizationTime: d.ServerStabilizationTime,
	}
	if err := r.decodeKnowing(&body, foreignAutopilotKey); err != nil {
		return answer{}, err
	}
	if err := body.validate(); err != nil {
		return answer{}, err
	}
	return s.decide(r, &catalog.SetAutopilot{
		Config: catalog.Autopilot{
			CleanupDeadServers: body.CleanupDeadServers, LastContactThreshold: body.LastContactThreshold,
			MaxTrailingLogs: uint64(body.MaxTrailingLogs), MinQuorum: uint(body.MinQuorum),
			ServerStabilizationTime: body.ServerStabilizationTime,
		},
		CAS: r.has("cas"), Index: cas,
	})
}

// validate refuses settings by which no server could ever count as healthy.
func (b *autopilotBody) validate() error {
	switch {
	case b.LastContactThreshold <= 0:
		return catalog.Errorf(catalog.Invalid, "LastContactThreshold: %v is not over 0", b.LastContactThreshold)
	case b.MaxTrailingLogs <= 0:
		return catalog.Errorf(catalog.Invalid, "MaxTrailingLogs: %d is not over 0", b.MaxTrailingLogs)
	case b.MinQuorum < 0 || b.MinQuorum > math.MaxUint16:
		return catalog.Errorf(catalog.Invalid, "MinQuorum: %d is outside 0..%d", b.MinQuorum, math.MaxUint16)
	case b.ServerStabilizationTime < 0:
		return catalog.Errorf(catalog.Invalid, "ServerStabilizationTime: %v is negative", b.ServerStabilizationTime)
	}
	return nil
}
