package agent

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/lmittmann/tint"
)

// logs is the agent's logger and the place where `monitor` listens in. Its level
// can be changed while it runs; a listener has a level of its own.
type logs struct {
	*slog.Logger
	level slog.LevelVar

	mu        sync.Mutex
	listeners map[*listener]struct{}
}

// newLogs writes to w: JSON lines, or coloured text when w is a terminal, or plain text.
func newLogs(w io.Writer, level slog.Level, json, colour bool) *logs {
	l := &logs{listeners: map[*listener]struct{}{}}
	l.level.Set(level)
	l.Logger = slog.New(&fanout{logs: l, out: lineHandler(w, &l.level, json, colour)})
	return l
}

func lineHandler(w io.Writer, level slog.Leveler, json, colour bool) slog.Handler {
	if json {
		return slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level})
	}
	return tint.NewTextHandler(w, &tint.Options{Level: level, TimeFormat: time.RFC3339, NoColor: !colour})
}

// listener gets a copy of every line at its level or above.
type listener struct {
	lines chan []byte
	out   slog.Handler
}

// Write takes one line from the listener's handler. A listener that does not keep up loses lines: logging never waits.
func (l *listener) Write(line []byte) (int, error) {
	select {
	case l.lines <- bytes.Clone(line):
	default:
	}
	return len(line), nil
}

// listenerBacklog is how many lines a listener may fall behind.
const listenerBacklog = 512

// Subscribe returns the log lines from now on, at level or above, until ctx ends; the channel is then closed.
func (l *logs) Subscribe(ctx context.Context, level slog.Level, json bool) <-chan []byte {
	li := &listener{lines: make(chan []byte, listenerBacklog)}
	li.out = lineHandler(li, level, json, false)
	l.mu.Lock()
	l.listeners[li] = struct{}{}
	l.mu.Unlock()
	context.AfterFunc(ctx, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.listeners, li)
		close(li.lines)
	})
	return li.lines
}

// fanout hands each record to the agent's own output and to every listener.
type fanout struct {
	logs *logs
	out  slog.Handler
	with []func(slog.Handler) slog.Handler // attributes and groups, for listeners that come later
}

// Enabled implements slog.Handler.
func (f *fanout) Enabled(ctx context.Context, level slog.Level) bool {
	if f.out.Enabled(ctx, level) {
		return true
	}
	f.logs.mu.Lock()
	defer f.logs.mu.Unlock()
	for li := range f.logs.listeners {
		if li.out.Enabled(ctx, level) {
			return true
		}
	}
	return false
}

// Handle implements slog.Handler.
func (f *fanout) Handle(ctx context.Context, r slog.Record) error {
	var err error
	if f.out.Enabled(ctx, r.Level) {
		err = f.out.Handle(ctx, r)
	}
	f.logs.mu.Lock()
	defer f.logs.mu.Unlock()
	for li := range f.logs.listeners {
		if !li.out.Enabled(ctx, r.Level) {
			continue
		}
		h := li.out
		for _, with := range f.with {
			h = with(h)
		}
		_ = h.Handle(ctx, r) // a listener's Write cannot fail
	}
	return err
}

// WithAttrs implements slog.Handler.
func (f *fanout) WithAttrs(attrs []slog.Attr) slog.Handler {
	return f.extend(func(h slog.Handler) slog.Handler { return h.WithAttrs(attrs) })
}

// WithGroup implements slog.Handler.
func (f *fanout) WithGroup(name string) slog.Handler {
	return f.extend(func(h slog.Handler) slog.Handler { return h.WithGroup(name) })
}

func (f *fanout) extend(with func(slog.Handler) slog.Handler) slog.Handler {
	all := append(append([]func(slog.Handler) slog.Handler(nil), f.with...), with)
	return &fanout{logs: f.logs, out: with(f.out), with: all}
}
