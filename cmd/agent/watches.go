package agent

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"muster/catalog/durable"
	"muster/catalog/httpapi"
	"muster/catalog/watch"
)

// watches runs the watches of the configuration. Those that a reload leaves as they are go on undisturbed.
type watches struct {
	dir  string // where what was handed over is kept; empty: nowhere
	read watch.Reader
	log  *slog.Logger

	mu      sync.Mutex
	running map[string]*runningWatch // by name
}

type runningWatch struct {
	cancel context.CancelFunc
	done   chan struct{}
}

// watchDebounce is how long a watch waits for further changes before its handler runs.
const watchDebounce = 100 * time.Millisecond

// buildWatches prepares the directory of watches. They read as clients of this agent do.
func (a *Agent) buildWatches(cfg *Config) error {
	client, err := httpapi.NewClient(httpapi.ClientConfig{Via: a.http.Passed()})
	if err != nil {
		return fmt.Errorf("watches: %w", err)
	}
	a.self = client
	a.watches = &watches{
		dir: under(cfg.DataDir, "watches"), running: map[string]*runningWatch{}, log: a.logs.With("room", "watch"),
		read: func(ctx context.Context, r watch.Request, index uint64) ([]byte, uint64, error) {
			return client.Blocking(ctx, httpapi.ClientRead(r), index)
		},
	}
	if a.watches.dir == "" {
		return nil
	}
	if err := os.MkdirAll(a.watches.dir, 0o700); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	if err := durable.Sweep(a.watches.dir); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	return nil
}

// set brings what runs in line with a configuration. It waits for handlers of watches that are no more.
func (w *watches) set(wanted []Watch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	next := map[string]Watch{}
	for _, def := range wanted {
		next[def.name()] = def
	}
	for name, r := range w.running {
		if _, stays := next[name]; !stays {
			r.cancel()
			<-r.done
			delete(w.running, name)
		}
	}
	for name, def := range next {
		if w.running[name] == nil {
			w.running[name] = w.start(name, def)
		}
	}
	w.forget(next)
}

// close ends all of them.
func (w *watches) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.running {
		r.cancel()
	}
	for _, r := range w.running {
		<-r.done
	}
	w.running = map[string]*runningWatch{}
}

// name tells watches apart: one with another handler is another watch.
func (w *Watch) name() string {
	text, err := json.Marshal(w)
	if err != nil {
		panic(err) // strings, numbers and lists of them can be encoded
	}
	return fmt.Sprintf("%x", sha256.Sum256(text))
}

func (w *watches) start(name string, def Watch) *runningWatch {
	ctx, cancel := context.WithCancel(context.Background())
	r := &runningWatch{cancel: cancel, done: make(chan struct{})}
	log := w.log.With("watch", def.Plan.Type, "of", def.Plan.Key+def.Plan.Prefix+def.Plan.Service+def.Plan.Name)
	handler := newWatchHandler(def, log)
	run := watch.Watch{
		Plan: def.Plan, Read: w.read, Handle: handler.handle, Debounce: watchDebounce,
		Failed: func(err error, times int) error {
			if times == 1 { // then it goes on trying
				log.Warn("watch failed, trying again", "err", err)
			}
			return nil
		},
	}
	if w.dir != "" {
		run.File = filepath.Join(w.dir, name)
	}
	go func() {
		defer close(r.done)
		defer handler.close()
		_ = run.Run(ctx) // neither handler nor Failed end it
	}()
	return r
}

// forget removes what was kept of watches that are no more.
func (w *watches) forget(wanted map[string]Watch) {
	if w.dir == "" {
		return
	}
	entries, err := os.ReadDir(w.dir)
	if err != nil {
		w.log.Warn("former watches stay on disk", "err", err)
		return
	}
	for _, e := range entries {
		if _, stays := wanted[e.Name()]; stays || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if err := durable.Remove(filepath.Join(w.dir, e.Name())); err != nil {
			w.log.Warn("former watch stays on disk", "err", err)
		}
	}
}
