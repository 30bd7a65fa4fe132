package httpapi

// agentChecks maps the id of each registered check to it and its last verdict. It waits with ?hash.
func (s *Server) agentChecks(r *request) (answer, error) {
	keep, err := newFilter(r, sampleCheck)
	if err != nil {
		return answer{}, err
	}
	return s.byHash(r, func() (local, error) {
		checks, err := keep.only(each(s.deps.Registrations.Checks(), shapeCheck))
		if err != nil {
			return local{}, err
		}
		out := make(map[string]*HealthCheck, len(checks))
		for _, check := range checks {
			out[check.CheckID] = check
		}
		return hashed(out)
	})
}
