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
	set(&c.EnableDebug, k.EnableDebug)
	set(&c.PidFile, k.PidFile)
	// A client that is told to end goes for good, a server will be back.
	c.LeaveOnTerm, c.SkipLeaveOnInt = !c.Server, c.Server
	set(&c.LeaveOnTerm, k.LeaveOnTerm)
	set(&c.DrainOnLeave, k.DrainOnLeave)
	set(&c.SkipLeaveOnInt, k.SkipLeaveOnInt)
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
