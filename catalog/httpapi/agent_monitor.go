package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"muster/catalog"
)

// Logs is where agent/monitor listens in.
type Logs interface {
	// Subscribe returns the log lines from now on, at level or above, each with its
	// newline, until ctx ends; the channel may be closed then. A reader that falls
	// behind loses lines; it never makes anyone wait.
	Subscribe(ctx context.Context, level slog.Level, json bool) <-chan []byte
}

// logLevels are the levels a monitor may ask for, by the names Consul has for them.
var logLevels = map[string]slog.Level{
	"":      slog.LevelInfo,
	"trace": slog.LevelDebug - 4,
	"debug": slog.LevelDebug,
	"info":  slog.LevelInfo,
	"warn":  slog.LevelWarn,
	"err":   slog.LevelError,
	"error": slog.LevelError,
}

// agentMonitor streams the agent's log until the client goes away or the server closes.
func (s *Server) agentMonitor(r *request) (answer, error) {
	name := r.query.Get("loglevel")
	level, ok := logLevels[catalog.Fold(name)]
	if !ok {
		return answer{}, catalog.Errorf(catalog.Invalid, "loglevel: %.40q is none of trace, debug, info, warn, error", name)
	}
	json, err := r.flag("logjson")
	if err != nil {
		return answer{}, err
	}
	return answer{waited: true, serve: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.stream(w, r, level, json)
	})}, nil
}

func (s *Server) stream(w http.ResponseWriter, r *http.Request, level slog.Level, json bool) {
	w.Header().Set("Content-Type", plainText)
	if r.Method == http.MethodHead {
		return
	}
	lines := s.deps.Logs.Subscribe(r.Context(), level, json)
	control := http.NewResponseController(w)
	w.WriteHeader(http.StatusOK)
	for {
		// An HTTP/2 stream dies of a deadline even between writes, so there is none then.
		if control.Flush() != nil || control.SetWriteDeadline(time.Time{}) != nil {
			return
		}
		select {
		case line, ok := <-lines:
			if !ok || !writeLines(w, control, line, lines) {
				return
			}
		case <-s.closing:
			return
		case <-r.Context().Done():
			return
		}
	}
}

// writeLines writes a line and what else is there, and reports whether the client takes it.
func writeLines(w http.ResponseWriter, control *http.ResponseController, line []byte, more <-chan []byte) bool {
	for {
		if control.SetWriteDeadline(time.Now().Add(writeTimeout)) != nil {
			return false
		}
		if _, err := w.Write(line); err != nil {
			return false
		}
		select {
		case next, ok := <-more:
			if !ok {
				return true // the channel says so again
			}
			line = next
		default:
			return true
		}
	}
}
