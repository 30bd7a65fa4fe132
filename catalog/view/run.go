package view

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

const (
	openTimeout = 2 * time.Second
	// silence is how long nothing may come off an open stream: three heartbeats.
	silence = 1500 * time.Millisecond

	firstBackoff = 100 * time.Millisecond // after the retry that is made at once
	maxBackoff   = 2 * time.Second
	// lasting is how long a stream must live for the next retry to be made at once again.
	lasting = 2 * time.Second
)

var (
	errSilent = errors.New("the server is silent")
	errOpen   = errors.New("no server opened a feed in time")
)

// follow opens one stream after the other.
func (v *View) follow(ctx context.Context) {
	var wait time.Duration
	s := &stream{view: v, patience: basePatience}
	for ctx.Err() == nil {
		began := time.Now()
		err := s.run(ctx)
		v.disconnected()
		if ctx.Err() != nil {
			return
		}
		s.ended(err)
		if time.Since(began) >= lasting || s.resumed && s.resync {
			wait = 0 // there was trouble no more, or asking for a snapshot is a way out of it
		}
		if wait > 0 {
			select {
			case <-ctx.Done():
				return
			case <-time.After(wait/2 + rand.N(wait/2)):
			}
		}
		wait = min(max(2*wait, firstBackoff), maxBackoff)
	}
}

// open opens a feed whose reads end with an error when ctx ends or nothing comes for a while. end must be called.
func (v *View) open(ctx context.Context, since uint64) (r *watchedReader, server string, end func(), err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	late := time.AfterFunc(openTimeout, func() { cancel(errOpen) })
	body, err := v.cfg.Open(ctx, since)
	late.Stop()
	if cause := context.Cause(ctx); cause != nil {
		err = errors.Join(cause, err)
		if body != nil {
			err = errors.Join(err, body.Close())
		}
	}
	if err != nil {
		cancel(err)
		return nil, "", nil, err
	}
	if named, ok := body.(interface{ Server() string }); ok {
		server = named.Server()
	}
	r = &watchedReader{body: body, received: v.cfg.Metrics.Received}
	r.close = sync.OnceFunc(func() { _ = body.Close() }) // only what was read counts
	r.timer = time.AfterFunc(silence, func() {
		r.silent.Store(true)
		cancel(errSilent)
		r.close()
	})
	r.timer.Stop()
	stop := context.AfterFunc(ctx, r.close)
	return r, server, func() {
		stop()
		r.timer.Stop()
		cancel(context.Canceled)
		r.close()
	}, nil
}

// watchedReader cuts a stream that says nothing. Time that its user takes between reads does not count.
type watchedReader struct {
	body     io.Reader
	close    func()
	timer    *time.Timer
	silent   atomic.Bool
	received func(int)
}

func (r *watchedReader) Read(b []byte) (int, error) {
	r.timer.Reset(silence)
	n, err := r.body.Read(b)
	r.timer.Stop()
	r.received(n)
	if err != nil && r.silent.Load() {
		err = errSilent
	}
	return n, err
}
