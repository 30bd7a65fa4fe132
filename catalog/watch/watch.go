package watch

import (
	"context"
	"encoding/json"
	"time"
)

// Reader reads what is asked for when it is newer than an index; with index 0 at once. The body is
// nil when there is no such thing, and the caller's.
type Reader func(ctx context.Context, r Request, index uint64) (body []byte, at uint64, err error)

// Watch is a plan that is carried out.
type Watch struct {
	Plan Plan // valid
	Read Reader
	// Handle is called with what changed, in JSON, and its index. Its error ends the watch.
	Handle func(ctx context.Context, index uint64, news json.RawMessage) error
	// File keeps what was handed over last. Empty: nothing is kept.
	File string
	// Failed is told why nothing can be read, or kept, and how often in a row that was so. An
	// error of it ends the watch. Reading is tried again after a while.
	Failed func(err error, times int) error
	// Debounce is how long to wait after a change for those that follow it. 0: not at all.
	Debounce time.Duration
}

// Bounds of the pause after a failure, which doubles each time.
const (
	firstRetry = time.Second
	lastRetry  = time.Minute
	// idlePause is between reads that came back without waiting: an agent that stops answers so.
	idlePause = 200 * time.Millisecond
)

// Run watches until ctx ends, which is no error, or the handler or Failed says so.
func (w *Watch) Run(ctx context.Context) error {
	seen, failures := Seen{}, 0
	if w.File != "" {
		var err error
		if seen, err = load(w.File); err != nil {
			if err := w.Failed(err, 1); err != nil {
				return err
			}
		}
	}
	for ctx.Err() == nil {
		index, err := w.look(ctx, &seen)
		if err == nil {
			failures = 0
			err = w.await(ctx, index)
		}
		switch stopped, isStop := err.(handlerError); {
		case isStop:
			return stopped.error
		case err == nil:
			pause(ctx, w.Debounce)
		case ctx.Err() == nil:
			failures++
			if err := w.Failed(err, failures); err != nil {
				return err
			}
			pause(ctx, min(firstRetry<<min(failures-1, 10), lastRetry))
		}
	}
	return nil
}

// handlerError is an error of Handle.
type handlerError struct{ error }

// look reads once, and hands over what is new.
func (w *Watch) look(ctx context.Context, seen *Seen) (index uint64, err error) {
	body, index, err := w.Read(ctx, w.Plan.Request(), 0)
	if err != nil {
		return 0, err
	}
	shaped, err := w.Plan.shape(body)
	if err != nil {
		return 0, err
	}
	news, after, err := w.Plan.news(*seen, shaped, index)
	if err != nil {
		return 0, err
	}
	if w.File != "" && (news != nil || len(after.Events) != len(seen.Events) || seen.Index == 0) {
		if err := after.save(w.File); err != nil {
			return 0, err // before the handler has run: it runs when this is mended
		}
	}
	*seen = after
	if news == nil {
		return index, nil
	}
	if err := w.Handle(ctx, index, news); err != nil {
		return index, handlerError{err}
	}
	return index, nil
}

// await returns when there is something newer than an index.
func (w *Watch) await(ctx context.Context, index uint64) error {
	for ctx.Err() == nil {
		_, at, err := w.Read(ctx, w.Plan.Request(), index)
		if err != nil || at != index {
			return err
		}
		pause(ctx, idlePause)
	}
	return nil
}

// pause waits for a time or the end of ctx.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// Once reads what a plan speaks of as it is now, as a handler gets it, and its index.
func Once(ctx context.Context, p Plan, read Reader) (json.RawMessage, uint64, error) {
	body, index, err := read(ctx, p.Request(), 0)
	if err != nil {
		return nil, 0, err
	}
	shaped, err := p.shape(body)
	return shaped, index, err
}
