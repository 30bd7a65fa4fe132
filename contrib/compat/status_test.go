package compat

import (
	"bytes"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"
)

func TestStatus(t *testing.T) {
	flows(t, map[string]func(*flow){"leader and peers": statusReads})
}

func TestOperator(t *testing.T) {
	flows(t, map[string]func(*flow){
		"raft":                    operatorRaft,
		"autopilot configuration": operatorAutopilot,
		"autopilot health":        operatorHealth,
		"usage":                   operatorUsage,
		"keyring":                 operatorKeyring,
	})
}

func (f *flow) servers() []string {
	if f.agent.name == "single" {
		return []string{f.agent.address + ":8300"}
	}
	return []string{theWorld.servers[0].address + ":8300", theWorld.servers[1].address + ":8300", theWorld.servers[2].address + ":8300"}
}

func statusReads(f *flow) {
	leader, err := f.Status().Leader()
	f.ok(err)
	if !slices.Contains(f.servers(), leader) {
		f.Errorf("leader %q", leader)
	}
	peers, err := f.Status().Peers()
	f.ok(err)
	slices.Sort(peers)
	f.is("peers", peers, f.servers())
}

func operatorRaft(f *flow) {
	c, err := f.Operator().RaftGetConfiguration(nil)
	f.ok(err)
	leaders := 0
	var addresses []string
	for _, s := range c.Servers {
		if s.Leader {
			leaders++
		}
		if s.ID == "" || s.Node == "" || s.ProtocolVersion != "3" || !s.Voter {
			f.Errorf("%+v", s)
		}
		addresses = append(addresses, s.Address)
	}
	slices.Sort(addresses)
	f.is("servers", []any{leaders, addresses}, []any{1, f.servers()})
	_, err = f.Operator().RaftGetConfiguration(&api.QueryOptions{AllowStale: true})
	f.ok(err)
	f.fails("no such peer", f.Operator().RaftRemovePeerByAddress("127.0.0.1:1", nil), 404, "")
	if f.Operator().RaftRemovePeerByID("0b7bb1d4-0000-0000-0000-000000000000", nil) == nil {
		f.Error("a peer that is not there was removed")
	}
}

func operatorAutopilot(f *flow) {
	c, err := f.Operator().AutopilotGetConfiguration(nil)
	f.ok(err)
	f.is("defaults", c, &api.AutopilotConfiguration{CleanupDeadServers: true, LastContactThreshold: api.NewReadableDuration(200 * time.Millisecond),
		MaxTrailingLogs: 250, ServerStabilizationTime: api.NewReadableDuration(10 * time.Second), CreateIndex: c.CreateIndex, ModifyIndex: c.ModifyIndex})
	changed := *c
	changed.MaxTrailingLogs = 300
	f.ok(f.Operator().AutopilotSetConfiguration(&changed, nil))
	now, err := f.Operator().AutopilotGetConfiguration(nil)
	f.ok(err)
	f.is("changed", now.MaxTrailingLogs, uint64(300))
	stale := *now
	stale.ModifyIndex++
	done, err := f.Operator().AutopilotCASConfiguration(&stale, nil)
	f.ok(err)
	f.is("cas by a wrong index", done, false)
	now.MaxTrailingLogs = 250
	done, err = f.Operator().AutopilotCASConfiguration(now, nil)
	f.ok(err)
	f.is("cas", done, true)
}

func operatorHealth(f *flow) {
	f.until("all servers are stable", func() bool {
		h, err := f.Operator().AutopilotServerHealth(nil)
		f.ok(err)
		for _, s := range h.Servers {
			if s.SerfStatus != "alive" || s.Version == "" || s.LastTerm == 0 || s.LastIndex == 0 {
				f.Errorf("%+v", s)
			}
		}
		return h.Healthy && len(h.Servers) == len(f.servers()) && h.FailureTolerance == (len(f.servers())-1)/2
	})
	s, err := f.Operator().AutopilotState(nil)
	f.ok(err)
	f.is("state", []any{s.Healthy, len(s.Servers), len(s.Voters), s.Servers[s.Leader].Status}, []any{true, len(f.servers()), len(f.servers()), api.AutopilotServerLeader})
}

func operatorUsage(f *flow) {
	u, _, err := f.Operator().Usage(nil)
	f.ok(err)
	dc := u.Usage["dc1"]
	if dc.Nodes < 1 || dc.Services < 1 || dc.ServiceInstances < len(f.servers()) {
		f.Errorf("%+v", u)
	}
	for _, kind := range []string{"connect-native", "connect-proxy", "ingress-gateway", "mesh-gateway", "terminating-gateway"} {
		if n, ok := dc.ConnectServiceInstances[kind]; n != 0 || !ok {
			f.Errorf("%s: %d, %v", kind, n, ok)
		}
	}
	if dc.BillableServiceInstances > dc.ServiceInstances-len(f.servers()) {
		f.Errorf("the servers are billed: %+v", dc)
	}
	u, _, err = f.Operator().Usage(&api.QueryOptions{Global: true})
	f.ok(err)
	if len(u.Usage) != 1 || u.Usage["dc1"].Nodes < 1 {
		f.Errorf("all datacenters: %+v", u)
	}
}

func operatorKeyring(f *flow) {
	_, err := f.Operator().KeyringList(nil)
	f.fails("list without encryption", err, 400, "gossip: gossip is not encrypted")
	err = f.Operator().KeyringInstall("pUqJrVyVRj5jsiYEkM/tFQYfWyJIv4s3XkvDwy7Cu5s=", nil)
	f.fails("install without encryption", err, 400, "gossip: gossip is not encrypted")
}

// TestSnapshot saves, changes, and restores what was, on both worlds. It stands
// alone: a restore takes the state away from under any other flow.
func TestSnapshot(t *testing.T) {
	flows(t, map[string]func(*flow){"save and restore": snapshotFlow})
}

func snapshotFlow(f *flow) {
	_, err := f.KV().Put(&api.KVPair{Key: f.key("a"), Value: []byte("before")}, nil)
	f.ok(err)
	in, meta, err := f.Snapshot().Save(nil)
	f.ok(err)
	archive, err := io.ReadAll(in)
	f.ok(err)
	f.ok(in.Close())
	if meta.LastIndex == 0 || !meta.KnownLeader || !bytes.HasPrefix(archive, []byte{0x1f, 0x8b}) {
		f.Errorf("%+v, %d bytes", meta, len(archive))
	}
	in, _, err = f.Snapshot().Save(&api.QueryOptions{AllowStale: true})
	f.ok(err)
	_, err = io.Copy(io.Discard, in)
	f.ok(err)
	f.ok(in.Close())
	_, err = f.KV().Put(&api.KVPair{Key: f.key("a"), Value: []byte("after")}, nil)
	f.ok(err)

	broken := bytes.Clone(archive)
	broken[len(broken)/2] ^= 0xff
	if err := f.Snapshot().Restore(nil, bytes.NewReader(broken)); err == nil {
		f.Error("a damaged archive was restored")
	}
	pair, _, err := f.KV().Get(f.key("a"), nil)
	f.ok(err)
	f.is("after a damaged archive", string(pair.Value), "after")

	f.ok(f.Snapshot().Restore(nil, bytes.NewReader(archive)))
	pair, _, err = f.KV().Get(f.key("a"), nil)
	f.ok(err)
	f.is("restored", string(pair.Value), "before")
	f.until("the cluster is whole", func() bool {
		checks, _, err := f.Health().State(api.HealthPassing, &api.QueryOptions{Filter: `CheckID == "serfHealth"`})
		return err == nil && len(checks) >= len(f.servers())
	})
}
