package agent

import "time"

// Autopilot is what a new cluster begins with; afterwards its operator changes it.
type Autopilot struct {
	CleanupDeadServers      bool          // failed servers are removed once a healthy one took their place
	LastContactThreshold    time.Duration // a server is healthy that heard its leader within it
	MaxTrailingLogs         uint64        // and lacks no more log entries than that
	MinQuorum               uint          // never fewer servers than that by clean-up; 0: no such bound
	ServerStabilizationTime time.Duration // for how long a new one must be healthy before it votes
}

func defaultAutopilot() Autopilot {
	return Autopilot{
		CleanupDeadServers: true, LastContactThreshold: 200 * time.Millisecond,
		MaxTrailingLogs: 250, ServerStabilizationTime: 10 * time.Second,
	}
}
