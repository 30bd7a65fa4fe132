package agent

import (
	"log/slog"
	"strings"
)

func (b *builder) process(k *processKeys) {
	c := &b.cfg
	if k.LogLevel != nil {
		level, ok := parseLevel(*k.LogLevel)
		if !ok {
			b.problem("log_level", "%q is none of trace, debug, info, warn, error", *k.LogLevel)
		}
		c.LogLevel = level
	}
	set(&c.LogJSON, k.LogJSON)
	set(&c.PidFile, k.PidFile)
	set(&c.LeaveOnTerm, k.LeaveOnTerm)
	set(&c.SkipLeaveOnInt, k.SkipLeaveOnInt)
	set(&c.RaftSnapshotThreshold, k.RaftSnapshotThreshold)
	set(&c.RaftSnapshotInterval, k.RaftSnapshotInterval)
	if c.RaftSnapshotThreshold == 0 {
		b.problem("raft_snapshot_threshold", "must be at least 1")
	}
	if c.RaftSnapshotInterval < minSnapshotInterval {
		b.problem("raft_snapshot_interval", "%v is under the least, %v", c.RaftSnapshotInterval, minSnapshotInterval)
	}
}

// parseLevel reads a log level without regard to case.
func parseLevel(name string) (slog.Level, bool) {
	switch strings.ToLower(name) {
	case "trace":
		return LevelTrace, true
	case "debug":
		return slog.LevelDebug, true
	case "info":
		return slog.LevelInfo, true
	case "warn", "warning":
		return slog.LevelWarn, true
	case "err", "error":
		return slog.LevelError, true
	}
	return 0, false
}
