package consensus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

// slogged is an hclog.Logger that writes to a slog.Logger. Levels are the
// slog.Logger's to decide; SetLevel does nothing. Warnings and errors are throttled.
type slogged struct {
	to       *slog.Logger
	throttle *throttle
	name     string
	implied  []any
}

// bridge lets raft and its stores log where the replica logs.
func bridge(to *slog.Logger) hclog.Logger { return &slogged{to: to, throttle: newThrottle()} }

// routine is how raft begins what it says at Warn or Error of things that come to pass in
// every election, and whenever a member is behind, or away: of that outages tells.
var routine = []string{
	"heartbeat timeout reached", "rejecting vote request", "rejecting pre-vote request", "duplicate requestVote",
	"new leader elected, stepping down", "peer has newer term",
	"failed to get previous log", "previous log term mis-match", "appendEntries rejected", "clearing log suffix",
	"failed to make requestVote RPC", "failed to heartbeat to", "failed to appendEntries to",
	"failed to start pipeline replication to", "failed to pipeline appendEntries", "failed to send snapshot to",
}

// isRoutine reports whether there is nothing to be done about a complaint.
func isRoutine(msg string, args []any) bool {
	switch msg {
	case "failed to contact": // of one member; that of a quorum is said in more words
		return true
	case "failed to get log": // it was compacted, and is sent as a snapshot
		err, _ := valueAt(args, "error").(error)
		return errors.Is(err, raft.ErrLogNotFound)
	case "failed to decode incoming command", "failed to flush response":
		var cut *net.OpError // the connection is gone; what cannot be understood is another error
		err, _ := valueAt(args, "error").(error)
		return errors.As(err, &cut) || errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrUnexpectedEOF)
	}
	return slices.ContainsFunc(routine, func(begin string) bool { return strings.HasPrefix(msg, begin) })
}

// valueAt returns the value of a key among log arguments, nil if it is not there.
func valueAt(args []any, key string) any {
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] == key {
			return args[i+1]
		}
	}
	return nil
}

// levelOf makes raft's Info, which retells its inner life, our Debug.
func levelOf(level hclog.Level, msg string, args []any) slog.Level {
	switch {
	case level >= hclog.Warn && isRoutine(msg, args):
		return slog.LevelDebug
	case level >= hclog.Error:
		return slog.LevelError
	case level == hclog.Warn:
		return slog.LevelWarn
	case level >= hclog.Info:
		return slog.LevelDebug
	default:
		return slog.LevelDebug - 4
	}
}

// Log implements hclog.Logger.
func (s *slogged) Log(level hclog.Level, msg string, args ...any) {
	at := levelOf(level, msg, args)
	if level == hclog.Off || !s.to.Enabled(context.Background(), at) {
		return
	}
	plain := make([]any, 0, len(args)+4)
	if at >= slog.LevelWarn {
		held, ok := s.throttle.pass(complaintOf(s.name, msg, args), time.Now())
		if !ok {
			return
		}
		if held > 0 {
			plain = append(plain, "held_back", held)
		}
	}
	if s.name != "" {
		plain = append(plain, "part", s.name)
	}
	for i, a := range args {
		if i%2 == 1 {
			a = valueOf(a)
		}
		plain = append(plain, a)
	}
	s.to.Log(context.Background(), at, msg, plain...)
}

// complaintOf tells complaints apart: by what is said, and of whom.
func complaintOf(name, msg string, args []any) string {
	key := name + "\x00" + msg
	for i := 0; i+1 < len(args); i += 2 {
		switch args[i] {
		case "peer", "server-id", "target", "from", "id":
			key += fmt.Sprintf("\x00%v", args[i+1])
		}
	}
	return key
}

// valueOf makes a log argument fit for any slog handler: hclog prints lazily, and
// some arguments are raft's live objects, which a JSON handler would look into.
func valueOf(arg any) any {
	switch a := arg.(type) {
	case time.Duration, time.Time:
		return a
	case hclog.Format:
		if format, ok := a[0].(string); ok {
			return fmt.Sprintf(format, a[1:]...)
		}
		return fmt.Sprint(a...)
	case error:
		return a.Error()
	case fmt.Stringer:
		return a.String()
	}
	return arg
}

func (s *slogged) Trace(msg string, args ...any) { s.Log(hclog.Trace, msg, args...) }
func (s *slogged) Debug(msg string, args ...any) { s.Log(hclog.Debug, msg, args...) }
func (s *slogged) Info(msg string, args ...any)  { s.Log(hclog.Info, msg, args...) }
func (s *slogged) Warn(msg string, args ...any)  { s.Log(hclog.Warn, msg, args...) }
func (s *slogged) Error(msg string, args ...any) { s.Log(hclog.Error, msg, args...) }

func (s *slogged) enabled(level hclog.Level) bool {
	return s.to.Enabled(context.Background(), levelOf(level, "", nil))
}

func (s *slogged) IsTrace() bool { return s.enabled(hclog.Trace) }
func (s *slogged) IsDebug() bool { return s.enabled(hclog.Debug) }
func (s *slogged) IsInfo() bool  { return s.enabled(hclog.Info) }
func (s *slogged) IsWarn() bool  { return s.enabled(hclog.Warn) }
func (s *slogged) IsError() bool { return s.enabled(hclog.Error) }

// GetLevel implements hclog.Logger.
func (s *slogged) GetLevel() hclog.Level {
	for _, level := range []hclog.Level{hclog.Trace, hclog.Info, hclog.Warn} {
		if s.enabled(level) {
			return level
		}
	}
	return hclog.Error
}

// SetLevel implements hclog.Logger.
func (s *slogged) SetLevel(hclog.Level) {}

// Name implements hclog.Logger.
func (s *slogged) Name() string { return s.name }

// ImpliedArgs implements hclog.Logger.
func (s *slogged) ImpliedArgs() []any { return s.implied }

// With implements hclog.Logger.
func (s *slogged) With(args ...any) hclog.Logger {
	plain := make([]any, len(args))
	for i, a := range args {
		if plain[i] = a; i%2 == 1 {
			plain[i] = valueOf(a)
		}
	}
	return &slogged{to: s.to.With(plain...), throttle: s.throttle, name: s.name, implied: append(s.implied[:len(s.implied):len(s.implied)], plain...)}
}

// Named implements hclog.Logger.
func (s *slogged) Named(name string) hclog.Logger {
	if s.name != "" {
		name = s.name + "." + name
	}
	return s.ResetNamed(name)
}

// ResetNamed implements hclog.Logger.
func (s *slogged) ResetNamed(name string) hclog.Logger {
	return &slogged{to: s.to, throttle: s.throttle, name: name, implied: s.implied}
}

// StandardWriter implements hclog.Logger.
func (s *slogged) StandardWriter(*hclog.StandardLoggerOptions) io.Writer { return lineWriter{s} }

// StandardLogger implements hclog.Logger.
func (s *slogged) StandardLogger(*hclog.StandardLoggerOptions) *log.Logger {
	return log.New(lineWriter{s}, "", 0)
}

// lineWriter logs each write as one line.
type lineWriter struct{ to *slogged }

// Write implements io.Writer.
func (w lineWriter) Write(p []byte) (int, error) {
	w.to.Info(strings.TrimRight(string(p), "\n"))
	return len(p), nil
}
