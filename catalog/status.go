package catalog

// Status is the health of a check, and by [Worst] of an instance or a node.
type Status string

// The statuses, from best to worst.
const (
	Passing  Status = "passing"
	Warning  Status = "warning"
	Critical Status = "critical"
	// Maintenance is never stored: it is how [Worst] names a critical maintenance check.
	Maintenance Status = "maintenance"
)

// Valid reports whether a check may have this status.
func (s Status) Valid() bool { return s == Passing || s == Warning || s == Critical }

// healthy reports whether instances of the status are answered by default.
func (s Status) healthy() bool { return s == Passing || s == Warning }

// rank orders statuses from best (0) to worst.
func (s Status) rank() int {
	switch s {
	case Maintenance:
		return 3
	case Critical:
		return 2
	case Warning:
		return 1
	default:
		return 0
	}
}

// Names of the checks that muster itself makes, as Consul's clients know them.
const (
	// SerfHealth is the node check that tells whether its agent is alive.
	SerfHealth = "serfHealth"
	// NodeMaintenance is the check that takes a whole node out of service.
	NodeMaintenance = "_node_maintenance"
	// ServiceMaintenancePrefix, followed by a service id, is the check that takes one instance out of service.
	ServiceMaintenancePrefix = "_service_maintenance:"
	// ServersService is the service under which the servers themselves are listed.
	ServersService = "consul"
)

// Worst returns the worst status of checks: Passing when there are none,
// Maintenance when a maintenance check stands among them.
func Worst(checks []*Check) Status {
	worst := Passing
	for _, c := range checks {
		s := c.Status
		if c.IsMaintenance() {
			s = Maintenance
		}
		if s.rank() > worst.rank() {
			worst = s
		}
	}
	return worst
}
