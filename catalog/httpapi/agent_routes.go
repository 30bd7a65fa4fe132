package httpapi

// agentRoutes are the paths that speak of this agent alone: what it is, what was
// registered with it, and its life. They answer from this process and wait for no leader.
func (s *Server) agentRoutes() []route {
	return []route{
		{"/v1/agent/self", get(s.agentSelf)},
		{"/v1/agent/version", get(s.agentVersion)},
		{"/v1/agent/members", get(s.agentMembers)},
		{"/v1/agent/host", get(s.agentHost)},
		{"/v1/agent/metrics", get(s.agentMetrics)},
		{"/v1/agent/monitor", get(s.agentMonitor)},

		{"/v1/agent/services", get(s.agentServices)},
		{"/v1/agent/service/{id}", get(s.agentService)},
		{"/v1/agent/service/register", put(s.agentRegisterService)},
		{"/v1/agent/service/deregister/{id}", put(s.agentDeregisterService)},
		{"/v1/agent/service/maintenance/{id}", put(s.agentServiceMaintenance)},
		{"/v1/agent/health/service/id/{id}", get(s.agentHealthByID)},
		{"/v1/agent/health/service/name/{name}", get(s.agentHealthByName)},

		{"/v1/agent/checks", get(s.agentChecks)},
		{"/v1/agent/check/register", put(s.agentRegisterCheck)},
		{"/v1/agent/check/deregister/{id}", put(s.agentDeregisterCheck)},
		{"/v1/agent/check/pass/{id}", put(s.agentCheckPass)},
		{"/v1/agent/check/warn/{id}", put(s.agentCheckWarn)},
		{"/v1/agent/check/fail/{id}", put(s.agentCheckFail)},
		{"/v1/agent/check/update/{id}", put(s.agentCheckUpdate)},

		{"/v1/agent/maintenance", put(s.agentNodeMaintenance)},
		{"/v1/agent/reload", put(s.agentReload)},
		{"/v1/agent/leave", put(s.agentLeave)},
		{"/v1/agent/join/{address}", put(s.agentJoin)},
		{"/v1/agent/force-leave/{node}", put(s.agentForceLeave)},
	}
}
