package view

import (
	"errors"
	"time"
)

// lossTold is how long there may be no feed that works before people are told. Moving to
// another server takes less.
const lossTold = 5 * time.Second

// loss is the time without a feed that works.
type loss struct {
	server string // that was followed before, "" none
	since  time.Time
	err    error // why that feed ended
	told   bool
}

// ended takes down why a stream ended, and has the next one begin anew if its rows cannot be gone on with.
func (s *stream) ended(err error) {
	log := s.view.cfg.Logger
	if s.lost == nil {
		s.lost = &loss{server: s.server, since: time.Now(), err: err}
	}
	switch {
	case errors.Is(err, errInvalid), errors.Is(err, errResync):
		s.resync = true
		log.Warn("catalog must be fetched anew", "server", s.server, "err", err)
	case !s.lost.told && time.Since(s.lost.since) >= lossTold:
		s.lost.told = true
		log.Warn("no server feeds the catalog", "server_before", s.lost.server, "since", s.lost.since, "err", err)
	default:
		log.Debug("feed of the catalog ended", "server", s.server, "err", err)
	}
}

// works takes note of a feed that works. The first one of a process was told of by what it brought.
func (s *stream) works() {
	was := s.lost
	if s.lost = nil; was == nil || was.server == "" && !was.told {
		return
	}
	s.view.cfg.Logger.Info("catalog is fed again", "server", s.server, "server_before", was.server,
		"gap", time.Since(was.since).Round(time.Millisecond), "index", s.at, "why", was.err)
}
