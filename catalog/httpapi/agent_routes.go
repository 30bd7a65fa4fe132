package httpapi

// agentRoutes are the paths that speak of this agent alone: what it is, what was
// registered with it, and its life. They answer from this process and wait for no leader.
func (s *Server) agentRoutes() []route {
	return []route{
		{template: "/v1/agent/self", place: ofAgent, methods: get(s.agentSelf)},
		{template: "/v1/agent/version", place: ofAgent, methods: get(s.agentVersion)},
		{template: "/v1/agent/members", place: ofAgent, methods: get(s.agentMembers)},
		{template: "/v1/agent/host", place: ofAgent, methods: get(s.agentHost)},
		{template: "/v1/agent/metrics", place: ofAgent, methods: get(s.agentMetrics)},
		{template: "/v1/agent/metrics/stream", place: ofAgent, methods: get(s.agentMetricsStream)},
		{template: "/v1/agent/monitor", place: ofAgent, methods: get(s.agentMonitor)},

		{template: "/v1/agent/services", place: ofAgent, methods: get(s.agentServices)},
		{template: "/v1/agent/service/{id}", place: ofAgent, methods: get(s.agentService)},
		{template: "/v1/agent/service/register", place: ofAgent, methods: put(s.agentRegisterService)},
		{template: "/v1/agent/service/deregister/{id}", place: ofAgent, methods: put(s.agentDeregisterService)},
		{template: "/v1/agent/service/maintenance/{id}", place: ofAgent, methods: put(s.agentServiceMaintenance)},
		{template: "/v1/agent/health/service/id/{id}", place: ofAgent, methods: get(s.agentHealthByID)},
		{template: "/v1/agent/health/service/name/{name}", place: ofAgent, methods: get(s.agentHealthByName)},

		{template: "/v1/agent/checks", place: ofAgent, methods: get(s.agentChecks)},
		{template: "/v1/agent/checks/standing", place: ofAgent, methods: get(s.agentStandings)},
		{template: "/v1/agent/check/{id}/history", place: ofAgent, methods: get(s.agentCheckHistory)},
		{template: "/v1/agent/check/register", place: ofAgent, methods: put(s.agentRegisterCheck)},
		{template: "/v1/agent/check/deregister/{id}", place: ofAgent, methods: put(s.agentDeregisterCheck)},
		{template: "/v1/agent/check/pass/{id}", place: ofAgent, methods: put(s.agentCheckPass)},
		{template: "/v1/agent/check/warn/{id}", place: ofAgent, methods: put(s.agentCheckWarn)},
		{template: "/v1/agent/check/fail/{id}", place: ofAgent, methods: put(s.agentCheckFail)},
		{template: "/v1/agent/check/update/{id}", place: ofAgent, methods: put(s.agentCheckUpdate)},

		{template: "/v1/agent/maintenance", place: ofAgent, methods: put(s.agentNodeMaintenance)},
		{template: "/v1/agent/drain", place: ofAgent, methods: put(s.agentDrain)},
		{template: "/v1/agent/reload", place: ofAgent, methods: put(s.agentReload)},
		{template: "/v1/agent/leave", place: ofAgent, methods: put(s.agentLeave)},
		{template: "/v1/agent/join/{address}", place: ofAgent, methods: put(s.agentJoin)},
		{template: "/v1/agent/force-leave/{node}", place: ofAgent, methods: put(s.agentForceLeave)},
	}
}
