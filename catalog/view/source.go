package view

import (
	"context"
	"errors"
	"io"
	"time"

	"muster/catalog"
)

// Source is a state that others follow: a server's, or that of another View. Its
// functions are called from any goroutine and must not block.
type Source struct {
	State  *catalog.State
	Age    func() time.Duration // since the state was last known to be current; 0 on a leader
	Leader func() string        // host:port, "" none
	// Ready reports whether the state has been loaded. Until then a follower is told
	// to wait; it is not given rows.
	Ready func() bool
}

// ErrUnread is the error of a feed whose follower has not read for 10 s.
var ErrUnread = errors.New("the follower does not read")

// Serve feeds one follower until ctx ends, which is no error, or w fails: deltas that follow index since if
// the source has them all, otherwise a snapshot first; 0 asks for a snapshot. Changes
// go out at once when the line was idle, later ones together, 5 ms apart.
//
// Writes to w have a deadline where w, or what http.ResponseController finds
// below it, offers SetWriteDeadline, as connections do; where it offers Flush, each message is flushed.
// A follower that does not read is cut by the deadline; the error is then ErrUnread.
func Serve(ctx context.Context, w io.Writer, src Source, since uint64) error {
	return newFeed(ctx, w, src).run(since)
}
