package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
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
	// LeaveTime is how long Leave may take beyond leaveWithin.
	LeaveTime() time.Duration
	// Done is closed when the agent has to end by itself: it was told over HTTP to leave, or cannot go on.
	Done() <-chan struct{}
	// Standing is how the agent stands, in a line; see [agent.Agent.Standing].
	Standing() (string, error)
	// Close stops the agent and returns when it has stopped. The error tells also why it could not go on.
	Close() error
}

// supervisor drives a daemon by signals: SIGHUP reloads, any other stops, and a
// second one does not wait for that.
type supervisor struct {
	daemon  daemon // nil before start
	signals <-chan os.Signal
	early   []os.Signal          // that came before the daemon had started
	leaves  func(os.Signal) bool // whether a signal that stops means to leave the cluster, too
	log     *slog.Logger
	manager *manager
}

// errAtOnce is the end of an agent that was told twice to stop.
var errAtOnce = errors.New("stopped at once, at the second signal")

// start performs begin, which may take its time. Signals that come meanwhile are
// obeyed once the daemon runs. After errAtOnce begin may not have ended.
func (s *supervisor) start(begin func() (daemon, error)) error {
	type outcome struct {
		daemon daemon
		err    error
	}
	begun := make(chan outcome, 1)
	go func() {
		d, err := begin()
		begun <- outcome{d, err}
	}()
	for {
		select {
		case o := <-begun:
			s.daemon = o.daemon
			return o.err
		case sig := <-s.signals:
			if sig != syscall.SIGHUP && slices.ContainsFunc(s.early, func(e os.Signal) bool { return e != syscall.SIGHUP }) {
				return errAtOnce
			}
			s.early = append(s.early, sig)
		}
	}
}

// run returns when the daemon has stopped; the end of ctx stops it, too. After an
// error the daemon may still be stopping, and the process is to end.
func (s *supervisor) run(ctx context.Context) error {
	s.manager.ready()
	stop := make(chan struct{}) // ends the watch, which nobody waits for: it may be what hangs
	defer close(stop)
	go s.manager.watch(stop, s.daemon.Standing)
	for {
		var sig os.Signal
		if len(s.early) > 0 {
			sig, s.early = s.early[0], s.early[1:]
		} else {
			select {
			case <-ctx.Done():
				return s.stop(nil)
			case <-s.daemon.Done():
				return s.stop(nil)
			case sig = <-s.signals:
			}
		}
		if sig != syscall.SIGHUP {
			s.log.Info("stopping; a second signal stops at once", "signal", sig.String())
			return s.stop(sig)
		}
		s.reload()
	}
}

func (s *supervisor) reload() {
	s.manager.reloading()
	defer s.manager.ready()
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
	s.manager.stopping()
	stopped := make(chan error, 1)
	leaves, within := sig != nil && s.leaves(sig), stopWithin
	if leaves {
		within += s.daemon.LeaveTime()
	}
	go func() {
		if leaves {
			ctx, cancel := context.WithTimeout(context.Background(), within-stopWithin+leaveWithin)
			defer cancel()
			if err := s.daemon.Leave(ctx); err != nil {
				s.log.Warn("stopping without having left the cluster", "error", err)
			}
		}
		stopped <- s.daemon.Close()
	}()
	limit := time.NewTimer(within)
	defer limit.Stop()
	for {
		select {
		case err := <-stopped:
			return err
		case <-limit.C:
			return fmt.Errorf("the agent did not stop within %v", within)
		case sig := <-s.signals:
			if sig != syscall.SIGHUP {
				return errAtOnce
			}
		}
	}
}
