package main

import (
	"log/slog"
	"time"

	systemd "github.com/coreos/go-systemd/v22/daemon"
)

// statusEvery is how often the service manager hears how the agent stands, where
// it keeps no watchdog that asks for more.
const statusEvery = 10 * time.Second

// manager is the service manager that started this process, systemd, and is told
// what goes on (sd_notify(3)). Nobody listens when the process was started otherwise.
type manager struct {
	send  func(state string) (sent bool, err error)
	every time.Duration // between two looks at the agent
	guard bool          // the manager kills an agent that is silent for too long
	log   *slog.Logger
}

// newManager finds the manager that the environment names.
func newManager(log *slog.Logger) *manager {
	m := &manager{every: statusEvery, log: log, send: func(state string) (bool, error) { return systemd.SdNotify(false, state) }}
	limit, err := systemd.SdWatchdogEnabled(false)
	if err != nil {
		log.Warn("the service manager's watchdog is not served", "error", err)
	}
	if limit > 0 {
		m.guard, m.every = true, min(limit/3, statusEvery)
	}
	return m
}

// tell sends assignments, one a line. A manager that cannot be told is no reason to stop.
func (m *manager) tell(state string) {
	if _, err := m.send(state); err != nil {
		m.log.Warn("the service manager cannot be told", "error", err)
	}
}

func (m *manager) ready()    { m.tell(systemd.SdNotifyReady) }
func (m *manager) stopping() { m.tell(systemd.SdNotifyStopping + "\nSTATUS=stopping") }
func (m *manager) reloading() {
	m.tell(systemd.SdNotifyReloading + "\n" + systemd.SdNotifyMonotonicUsec())
}

// watch tells how the agent stands until stop is closed. standing returns that in a
// line. It is asked for real each time: while it does not return, or fails, nothing is
// sent, and the manager's watchdog bites.
func (m *manager) watch(stop <-chan struct{}, standing func() (string, error)) {
	tick := time.NewTicker(m.every)
	defer tick.Stop()
	for said := ""; ; {
		line, err := standing()
		state := ""
		switch {
		case err != nil:
			m.log.Error("the agent is not well", "error", err)
		case line != said:
			state = "STATUS=" + line
		}
		if err == nil && m.guard {
			state = systemd.SdNotifyWatchdog + "\n" + state
		}
		if state != "" {
			m.tell(state)
			said = line
		}
		select {
		case <-stop:
			return
		case <-tick.C:
		}
	}
}
