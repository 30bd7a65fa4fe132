package consensus

import (
	"bytes"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

// logged is a JSON log of every level that several goroutines write.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *logged) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug - 4, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
}

type live struct{ Secret string }

func (live) String() string { return "Node at 10.0.0.1 [Leader]" }

func TestBridge(t *testing.T) {
	for _, tc := range []struct {
		name string
		log  func(hclog.Logger)
		want string
	}{
		{"info is debug", func(l hclog.Logger) { l.Info("entering", "term", 3) }, `{"level":"DEBUG","msg":"entering","term":3}`},
		{"debug is less", func(l hclog.Logger) { l.Debug("vote") }, `{"level":"DEBUG-4","msg":"vote"}`},
		{"warn", func(l hclog.Logger) { l.Warn("failed to contact quorum of nodes") }, `{"level":"WARN","msg":"failed to contact quorum of nodes"}`},
		{"of one node it is routine", func(l hclog.Logger) { l.Warn("failed to contact") }, `{"level":"DEBUG","msg":"failed to contact"}`},
		{"routine error", func(l hclog.Logger) { l.Error("failed to heartbeat to") }, `{"level":"DEBUG","msg":"failed to heartbeat to"}`},
		{"a connection that ends", func(l hclog.Logger) {
			l.Error("failed to decode incoming command", "error", &net.OpError{Op: "read", Err: net.ErrClosed})
		}, `{"level":"DEBUG","msg":"failed to decode incoming command","error":"read: use of closed network connection"}`},
		{"an entry that was compacted", func(l hclog.Logger) { l.Error("failed to get log", "error", raft.ErrLogNotFound) },
			`{"level":"DEBUG","msg":"failed to get log","error":"log not found"}`},
		{"an entry that cannot be read", func(l hclog.Logger) { l.Error("failed to get log", "error", errors.New("disk")) },
			`{"level":"ERROR","msg":"failed to get log","error":"disk"}`},
		{"a message that makes no sense", func(l hclog.Logger) {
			l.Error("failed to decode incoming command", "error", errors.New("unknown rpc type 9"))
		}, `{"level":"ERROR","msg":"failed to decode incoming command","error":"unknown rpc type 9"}`},
		{"error", func(l hclog.Logger) { l.Error("no", "error", errors.New("disk")) }, `{"level":"ERROR","msg":"no","error":"disk"}`},
		{"format", func(l hclog.Logger) { l.Error("m", "n", hclog.Fmt("%d of %d", 1, 2)) }, `{"level":"ERROR","msg":"m","n":"1 of 2"}`},
		{"stringer", func(l hclog.Logger) { l.Error("m", "leader", live{"x"}) }, `{"level":"ERROR","msg":"m","leader":"Node at 10.0.0.1 [Leader]"}`},
		{"duration", func(l hclog.Logger) { l.Error("m", "took", time.Second) }, `{"level":"ERROR","msg":"m","took":1000000000}`},
		{"names", func(l hclog.Logger) { l.Named("raft").Named("net").Error("m") }, `{"level":"ERROR","msg":"m","part":"raft.net"}`},
		{"with", func(l hclog.Logger) { l.With("id", live{}).Error("m") }, `{"level":"ERROR","msg":"m","id":"Node at 10.0.0.1 [Leader]"}`},
		{"standard", func(l hclog.Logger) { l.StandardLogger(nil).Print("line") }, `{"level":"DEBUG","msg":"line"}`},
		{"off", func(l hclog.Logger) { l.Log(hclog.Off, "m") }, ``},
	} {
		t.Run(tc.name, func(t *testing.T) {
			log := &logged{}
			tc.log(bridge(log.logger()))
			if got := strings.TrimSpace(log.String()); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestBridgeLevel(t *testing.T) {
	for level, want := range map[slog.Level]hclog.Level{
		slog.LevelDebug - 4: hclog.Trace, slog.LevelDebug: hclog.Info, slog.LevelInfo: hclog.Warn, slog.LevelWarn: hclog.Warn, slog.LevelError: hclog.Error,
	} {
		l := bridge(slog.New(slog.NewTextHandler(&bytes.Buffer{}, &slog.HandlerOptions{Level: level})))
		l.SetLevel(hclog.Off)
		if got := l.GetLevel(); got != want {
			t.Errorf("at %v: %v, want %v", level, got, want)
		}
		if l.IsTrace() != (want == hclog.Trace) || l.IsDebug() != l.IsTrace() || l.IsInfo() != (want <= hclog.Info) || l.IsWarn() != (want <= hclog.Warn) || !l.IsError() {
			t.Errorf("at %v: guards disagree with level %v", level, want)
		}
	}
}
