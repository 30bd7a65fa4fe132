package view

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

const (
	// writeTimeout is how long a follower may not read before it is cut.
	writeTimeout = 10 * time.Second
	// keptBytes bounds the buffers that a feed keeps while nothing happens: there may be thousands.
	keptBytes = 16 << 10
)

// sender writes messages to a follower that may have stopped reading.
type sender struct {
	ctx   context.Context
	w     io.Writer
	flush func() error
	limit func(time.Time) error // write deadline
	buf   []byte

	mu  sync.Mutex
	cut bool // writes are over; the deadline stays in the past
}

func newSender(ctx context.Context, w io.Writer) *sender {
	s := &sender{ctx: ctx, w: w, flush: func() error { return nil }, limit: func(time.Time) error { return nil }}
	if rw, ok := w.(http.ResponseWriter); ok {
		c := http.NewResponseController(rw)
		s.flush, s.limit = c.Flush, c.SetWriteDeadline
		return s
	}
	if f, ok := w.(http.Flusher); ok {
		s.flush = func() error { f.Flush(); return nil }
	}
	if d, ok := w.(interface{ SetWriteDeadline(time.Time) error }); ok {
		s.limit = d.SetWriteDeadline
	}
	return s
}

// cutWithContext ends a write in progress when the context ends. The function it
// returns must be called when all writes are done: w is then left alone.
func (s *sender) cutWithContext() (release func()) {
	done := make(chan struct{})
	stop := context.AfterFunc(s.ctx, func() {
		defer close(done)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.cut = true
		_ = s.limit(time.Unix(1, 0)) // without deadlines a write ends when it does
	})
	return func() {
		if !stop() {
			<-done
		}
	}
}

// arm gives the next write its deadline.
func (s *sender) arm() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cut {
		return s.ctx.Err()
	}
	if err := s.limit(time.Now().Add(writeTimeout)); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return fmt.Errorf("feed: set write deadline: %w", err)
	}
	return nil
}

// write writes bytes before their deadline.
func (s *sender) write(b []byte) error {
	if err := s.arm(); err != nil {
		return err
	}
	began := time.Now()
	_, err := s.w.Write(b)
	return failure("write", began, err)
}

// failure names an error of a write. What says that a deadline has passed differs
// from one kind of connection to the next, the time it took does not.
func failure(what string, began time.Time, err error) error {
	switch {
	case err == nil:
		return nil
	case time.Since(began) >= writeTimeout:
		return fmt.Errorf("%w: feed: %s: %w", ErrUnread, what, err)
	}
	return fmt.Errorf("feed: %s: %w", what, err)
}

// begin writes the magic, which goes out with the first message.
func (s *sender) begin() error { return s.write([]byte(magic)) }

// send writes a message, in as many frames as it takes, and flushes.
func (s *sender) send(k kind, payload []byte) error {
	for len(payload) > maxFrameBytes {
		if err := s.frame(kindPart, payload[:maxFrameBytes]); err != nil {
			return err
		}
		payload = payload[maxFrameBytes:]
	}
	if err := s.frame(k, payload); err != nil {
		return err
	}
	began := time.Now()
	if err := s.flush(); !errors.Is(err, errors.ErrUnsupported) {
		return failure("flush", began, err)
	}
	return nil
}

// frame writes a frame: a small one in one piece, as one packet is enough for it.
func (s *sender) frame(k kind, payload []byte) error {
	s.buf = appendHead(s.buf[:0], k, payload)
	if len(payload) <= keptBytes {
		s.buf = append(s.buf, payload...)
		return s.write(s.buf)
	}
	if err := s.write(s.buf); err != nil {
		return err
	}
	return s.write(payload)
}
