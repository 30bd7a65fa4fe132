package certs

import (
	"errors"
	"slices"
	"sync/atomic"
	"time"
)

// Store holds the certificates of one door. It is safe for concurrent use; new
// certificates show on the next connection, and open ones are left alone.
type Store struct {
	current atomic.Pointer[material]
}

// New reads and checks the files. The error names each setting or file that is
// wrong, and what about it. A configuration that is not On is refused.
func New(cfg Config) (*Store, error) {
	s := &Store{}
	change, err := s.Prepare(cfg)
	if err != nil {
		return nil, err
	}
	change.Commit()
	return s, nil
}

// Change is a set of certificates that has been read and checked but is not used yet.
type Change struct {
	store *Store
	next  *material
}

// Prepare reads and checks the files of a configuration, which may name others
// than before. Nothing is changed before Commit.
func (s *Store) Prepare(cfg Config) (*Change, error) {
	if !cfg.On() {
		return nil, errors.New("tls: nothing is set")
	}
	next, err := load(cfg, time.Now())
	if err != nil {
		return nil, err
	}
	return &Change{store: s, next: next}, nil
}

// Any reports whether the settings or the files differ from those in use.
func (c *Change) Any() bool {
	old := c.store.current.Load()
	return old == nil || old.cfg != c.next.cfg || old.sum != c.next.sum
}

// Warnings are about what is odd but not refused, in sentences for people.
func (c *Change) Warnings() []string { return slices.Clone(c.next.warnings) }

// Commit puts the change to use, all of it at once.
func (c *Change) Commit() { c.store.current.Store(c.next) }

// Reload reads the same files again. When any of them is wrong everything stays as it was.
func (s *Store) Reload() error {
	change, err := s.Prepare(s.current.Load().cfg)
	if err != nil {
		return err
	}
	change.Commit()
	return nil
}

// Warnings are about what is odd in the certificates in use, in sentences for people.
func (s *Store) Warnings() []string { return slices.Clone(s.current.Load().warnings) }

// Expiry is when this agent's certificate, or all that vouches for it, expires.
// Without an own certificate it is when the last CA does.
func (s *Store) Expiry() time.Time { return s.current.Load().expiry }
