package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// fakeDaemon remembers what it was told and takes its time to stop.
type fakeDaemon struct {
	did    []string
	reload error
	stops  time.Duration
	done   chan struct{}
	drains time.Duration
}

func (d *fakeDaemon) LeaveTime() time.Duration { return d.drains }

func (d *fakeDaemon) Reload() (string, error) {
	d.did = append(d.did, "reload")
	return "", d.reload
}

func (d *fakeDaemon) Leave(ctx context.Context) error {
	d.did = append(d.did, "leave")
	if d.drains > 0 {
		<-time.After(d.drains)
		return ctx.Err()
	}
	return errors.New("no leader")
}

func (d *fakeDaemon) Standing() (string, error) { return "well", nil }

func (d *fakeDaemon) Done() <-chan struct{} { return d.done }

func (d *fakeDaemon) Close() error {
	d.did = append(d.did, "close")
	<-time.After(d.stops) // on the bubble's clock
	select {
	case <-d.done:
		return errors.New("disk broken")
	default:
		return nil
	}
}

func TestSupervise(t *testing.T) {
	for _, tc := range []struct {
		name    string
		starts  time.Duration
		signals []os.Signal // one second apart
		ends    bool        // by itself
		stops   time.Duration
		reload  error
		did     string
		logged  string
		err     string
	}{
		{name: "SIGTERM stops", signals: []os.Signal{syscall.SIGTERM}, stops: 9 * time.Second, did: "close", logged: "signal=terminated"},
		{name: "a signal that leaves", signals: []os.Signal{os.Interrupt}, did: "leave close", logged: `error="no leader"`},
		{name: "SIGHUP reloads", signals: []os.Signal{syscall.SIGHUP, syscall.SIGTERM}, did: "reload close"},
		{name: "a reload that fails", signals: []os.Signal{syscall.SIGHUP, syscall.SIGTERM}, reload: errors.New("a.json:1:2\nb.json:3:4"),
			did: "reload close", logged: "problem=b.json:3:4"},
		{name: "SIGHUP while stopping", signals: []os.Signal{syscall.SIGTERM, syscall.SIGHUP}, stops: 5 * time.Second, did: "close"},
		{name: "a second signal", signals: []os.Signal{syscall.SIGTERM, os.Interrupt}, stops: time.Minute, did: "close", err: "at the second signal"},
		{name: "too slow", signals: []os.Signal{syscall.SIGTERM}, stops: time.Minute, did: "close", err: "did not stop within 10s"},
		{name: "signals while starting", starts: 5 * time.Second, signals: []os.Signal{syscall.SIGHUP, syscall.SIGTERM}, did: "reload close"},
		{name: "two signals while starting", starts: time.Minute, signals: []os.Signal{syscall.SIGTERM, os.Interrupt}, err: "at the second signal"},
		{name: "cannot go on", ends: true, did: "close", err: "disk broken"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &fakeDaemon{stops: tc.stops, reload: tc.reload, done: make(chan struct{})}
				if tc.ends {
					close(d.done)
				}
				signals := make(chan os.Signal, 1)
				go func() {
					for _, s := range tc.signals {
						<-time.After(time.Second) // on the bubble's clock
						signals <- s
					}
				}()
				var log bytes.Buffer
				s := &supervisor{
					signals: signals, log: slog.New(slog.NewTextHandler(&log, nil)),
					leaves: func(s os.Signal) bool { return s == os.Interrupt }, manager: nobody(),
				}
				err := s.start(func() (daemon, error) { <-time.After(tc.starts); return d, nil })
				if err == nil {
					err = s.run(t.Context())
				}
				<-time.After(tc.starts + tc.stops) // for what was not waited for
				if (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
					t.Errorf("got %v, want %q", err, tc.err)
				}
				if got := strings.Join(d.did, " "); got != tc.did {
					t.Errorf("did %s, want %s", got, tc.did)
				}
				if !strings.Contains(log.String(), tc.logged) {
					t.Errorf("logged %s, want %s", &log, tc.logged)
				}
			})
		})
	}
}

// TestSuperviseDrains: an agent that drains has the time for it, and leaves nevertheless.
func TestSuperviseDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		d := &fakeDaemon{done: make(chan struct{}), drains: time.Minute, stops: 9 * time.Second}
		signals := make(chan os.Signal, 1)
		s := supervisor{daemon: d, signals: signals, manager: nobody(), leaves: func(os.Signal) bool { return true }, log: slog.New(slog.NewTextHandler(&log, nil))}
		signals <- syscall.SIGTERM
		if err := s.run(context.Background()); err != nil || strings.Join(d.did, " ") != "leave close" || strings.Contains(log.String(), "without having left") {
			t.Errorf("%v, did %q, logged %s", err, d.did, log.String())
		}
	})
}
