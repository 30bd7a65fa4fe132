package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"time"
)

const (
	// stopWithin is how long an agent may take to stop once it was told to.
	stopWithin = 10 * time.Second
	// leaveWithin is how much of that leaving the cluster may take.
	leaveWithin = 3 * time.Second
)

// daemon is an agent that has been started.
type daemon interface {
	// Reload reads the configuration again, all or nothing, and logs what changed.
	Reload() (string, error)
	// Leave takes the agent out of the cluster for good.
	Leave(ctx context.Context) error
	// Done is closed when the agent has to end by itself: it was told over HTTP to leave, or cannot go on.
	Done() <-chan struct{}
	// Close stops the agent and returns when it has stopped. The error tells also why it could not go on.
	Close() error
}

// supervisor drives a daemon by signals.
type supervisor struct {
	daemon  daemon
	signals <-chan os.Signal
	leaves  func(os.Signal) bool // whether a signal that stops means to leave the cluster, too
	log     *slog.Logger
}

// errAtOnce is the end of an agent that was told twice to stop.
var errAtOnce = errors.New("stopped at once, at the second signal")

// run returns when the daemon has stopped: SIGHUP reloads, any other signal
// stops, and a second one does not wait for that. After errAtOnce, or when it took
// too long, the daemon may still be stopping; the process is then to end.
// The end of ctx stops, too.
func (s *supervisor) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return s.stop(nil)
		case <-s.daemon.Done():
			return s.stop(nil)
		case sig := <-s.signals:
			if sig == syscall.SIGHUP {
				s.reload()
				continue
			}
			s.log.Info("stopping; a second signal stops at once", "signal", sig.String())
			return s.stop(sig)
		}
	}
}

func (s *supervisor) reload() {
	_, err := s.daemon.Reload()
	if err == nil {
		return
	}
	for problem := range strings.Lines(err.Error()) {
		s.log.Error("configuration not reloaded", "problem", strings.TrimSpace(problem))
	}
}

// stop closes the daemon, after it has left if the signal means that.
func (s *supervisor) stop(sig os.Signal) error {
	stopped := make(chan error, 1)
	go func() {
		if sig != nil && s.leaves(sig) {
			ctx, cancel := context.WithTimeout(context.Background(), leaveWithin)
			defer cancel()
			if err := s.daemon.Leave(ctx); err != nil {
				s.log.Warn("stopping without having left the cluster", "error", err)
			}
		}
		stopped <- s.daemon.Close()
	}()
	limit := time.NewTimer(stopWithin)
	defer limit.Stop()
	for {
		select {
		case err := <-stopped:
			return err
		case <-limit.C:
			return fmt.Errorf("the agent did not stop within %v", stopWithin)
		case sig := <-s.signals:
			if sig != syscall.SIGHUP {
				return errAtOnce
			}
		}
	}
}
