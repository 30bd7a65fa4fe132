package view

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"muster/catalog"
	"muster/catalog/durable"
)

const (
	saveEvery = 5 * time.Second
	// saveShare bounds the time spent on saving large copies that change all the time: to one part of so many.
	saveShare = 20
	seenEvery = 30 * time.Second
)

// saver keeps the copy on disk.
type saver struct {
	view *View
	path string

	saved    uint64    // revision of the rows on disk
	label    label     // on disk; Rows is 0 while no rows are
	next     time.Time // rows are not saved before
	troubled bool      // the last save failed, and it was told
}

func newSaver(v *View) *saver { return &saver{view: v, path: v.cfg.File} }

func (s *saver) seenPath() string { return s.path + ".seen" }

// run saves from time to time until ctx ends.
func (s *saver) run(ctx context.Context) {
	tick := time.NewTicker(saveEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		began := time.Now()
		if began.Before(s.next) {
			continue
		}
		s.save(false)
		s.next = began.Add(saveShare * time.Since(began))
	}
}

// save brings the disk up to date: the rows if they changed, or else the time at which
// they were current, if that is long ago or nothing will be saved after this.
func (s *saver) save(last bool) {
	v := s.view
	v.mu.Lock()
	revision, current := v.standing.revisions, v.standing.current
	v.mu.Unlock()
	if current.IsZero() {
		return // no server has spoken: the disk knows better
	}
	// Read after the time: they may be newer than it says, but not older.
	rows := v.state.Changes().Snapshot()
	var err error
	switch l := (label{Datacenter: v.cfg.Datacenter, Rows: s.label.Rows, Index: rows.Index, Current: current.Round(0).UTC()}); {
	case revision != s.saved || s.label.Rows == 0:
		l.Rows = max(time.Now().UnixNano(), s.label.Rows+1)
		if err = durable.ReplaceBy(s.path, func(w io.Writer) error { return writeCopy(w, l, rows) }); err == nil {
			s.saved, s.label = revision, l
		}
	case l.Current.Sub(s.label.Current) >= seenEvery, last && l.Current.After(s.label.Current):
		if err = durable.ReplaceBy(s.seenPath(), l.write); err == nil {
			s.label = l
		}
	}
	if err != nil && !s.troubled {
		v.cfg.Logger.Error("catalog cannot be saved", "file", s.path, "err", err)
	}
	s.troubled = err != nil
}

// load takes the rows on disk for those of the view, if there are any.
func (v *View) load() error {
	s := v.saver
	state := catalog.New()
	l, err := s.read(state)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, errDamaged):
		aside := s.path + ".damaged"
		v.cfg.Logger.Error("catalog on disk is not used", "file", s.path, "moved_to", aside, "err", err)
		return os.Rename(s.path, aside)
	case err != nil:
		return err
	}
	v.state, s.label = state, l
	now := time.Now()
	v.standing.has, v.standing.status.FromDisk = true, true
	v.standing.onDisk, v.standing.began = l.Current.Round(0), now
	if l.Current.After(now) {
		v.cfg.Logger.Warn("clock was set back since the catalog was saved, its age is not known",
			"file", s.path, "saved", l.Current, "now", now)
	}
	v.cfg.Logger.Info("catalog loaded from disk", "file", s.path, "index", l.Index, "age", v.standing.age().Round(time.Second))
	return nil
}

// read reads the rows on disk, and their newest label.
func (s *saver) read(into *catalog.State) (label, error) {
	f, err := os.Open(s.path)
	if err != nil {
		return label{}, err
	}
	defer f.Close()
	l, err := readCopy(f, s.view.cfg.Datacenter, into)
	if err != nil {
		return l, err
	}
	small, err := os.Open(s.seenPath())
	if errors.Is(err, fs.ErrNotExist) {
		return l, nil
	}
	if err != nil {
		return l, err
	}
	defer small.Close()
	seen, err := readLabel(small)
	switch {
	case errors.Is(err, errDamaged):
		s.view.cfg.Logger.Warn("age of the catalog on disk may be less than it seems", "file", s.seenPath(), "err", err)
		return l, nil
	case err != nil:
		return l, err
	case seen.Rows != l.Rows || seen.Index < l.Index:
		return l, nil // of rows that were replaced since
	}
	into.Advance(seen.Index)
	return seen, nil
}
