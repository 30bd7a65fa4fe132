package httpapi

import "net/http"

// operatorRoutes are the paths that administer the cluster.
func (s *Server) operatorRoutes() []route {
	return []route{
		{template: "/v1/operator/raft/configuration", place: byLeaderUnlessStale, methods: get(s.raftConfiguration)},
		{template: "/v1/operator/raft/peer", place: byLeader, methods: map[string]handler{http.MethodDelete: s.removeRaftPeer}},
		{template: "/v1/operator/raft/transfer-leader", place: byLeader, methods: map[string]handler{
			http.MethodPost: s.transferLeader,
			http.MethodPut:  s.transferLeader,
		}},
		{template: "/v1/operator/autopilot/configuration", place: byServer, methods: map[string]handler{
			http.MethodGet: s.autopilotConfig,
			http.MethodPut: s.setAutopilotConfig,
		}},
		{template: "/v1/operator/autopilot/health", place: byLeader, methods: get(s.autopilotHealth)},
		{template: "/v1/operator/autopilot/state", place: byLeader, methods: get(s.autopilotState)},
		{template: "/v1/operator/keyring", place: byServer, methods: map[string]handler{
			http.MethodGet:    s.listKeys,
			http.MethodPost:   s.changeKeys(Operator.InstallKey),
			http.MethodPut:    s.changeKeys(Operator.UseKey),
			http.MethodDelete: s.changeKeys(Operator.RemoveKey),
		}},
		{template: "/v1/operator/brakes", place: byServer, methods: get(s.brakes)},
		{template: "/v1/operator/brake/lift", place: byServer, methods: map[string]handler{http.MethodPut: s.liftBrake}},
		{template: "/v1/operator/usage", place: byServer, methods: get(s.usage)},
	}
}
