package view

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"time"

	"muster/catalog"
)

const (
	heartbeat = 500 * time.Millisecond
	// changePause and indexPause are how long a feed waits before it sends what came after a change, or after
	// news that the index moved without one, as it does all the time where keys are written.
	changePause = 5 * time.Millisecond
	indexPause  = 50 * time.Millisecond

	stepsBytes = 256 << 10 // of commands in a message, unless one alone is longer
)

// feed is one call of Serve.
type feed struct {
	ctx     context.Context
	src     Source
	out     *sender
	changes *catalog.Changes
	at      uint64 // all up to it was sent
	payload []byte
}

func newFeed(ctx context.Context, w io.Writer, src Source) *feed {
	return &feed{ctx: ctx, src: src, out: newSender(ctx, w)}
}

func (f *feed) run(since uint64) error {
	defer f.out.cutWithContext()()
	f.at = since
	err := f.feed()
	if f.ctx.Err() != nil && !errors.Is(err, ErrUnread) { // a stream that is cut ends its context too
		return nil
	}
	return err
}

// feed returns an error, sooner or later.
func (f *feed) feed() error {
	if err := f.out.begin(); err != nil {
		return err
	}
	if err := f.greet(); err != nil {
		return err
	}
	f.changes = f.src.State.Changes()
	if f.at > 0 {
		return f.follow(false)
	}
	if err := f.snapshot(); err != nil {
		return err
	}
	return f.follow(true)
}

// greet sends heartbeats until one has said that the source is ready.
func (f *feed) greet() error {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	look := time.NewTicker(indexPause)
	defer look.Stop()
	for {
		if ready, err := f.status(f.current()); ready || err != nil {
			return err
		}
		for due := false; !due; {
			select {
			case <-f.ctx.Done():
				return f.ctx.Err()
			case <-beat.C:
				due = true
			case <-look.C:
				due = f.src.Ready()
			}
		}
	}
}

// follow sends what happens. The first heartbeat may be due at once.
func (f *feed) follow(due bool) error {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	var resting <-chan time.Time // fires when the index alone is news again
	for {
		current := f.current() // of no more than what is sent below
		changed := f.changes.Changed()
		list, head, ok := f.changes.Since(f.at)
		switch {
		case !ok:
			if err := f.snapshot(); err != nil {
				return err
			}
			due = true
			continue
		case len(list) > 0:
			if err := f.steps(list, head); err != nil {
				return err
			}
			if err := f.pause(changePause); err != nil {
				return err
			}
		case head > f.at && (due || resting == nil):
			if err := f.steps(nil, head); err != nil {
				return err
			}
			resting = time.After(indexPause)
		}
		if due {
			if _, err := f.status(current); err != nil {
				return err
			}
		}
		var moved <-chan struct{}
		if resting == nil {
			moved = f.src.State.Reached(f.at + 1)
		}
		due = false
		select {
		case <-f.ctx.Done():
			return f.ctx.Err()
		case <-beat.C:
			due = true
		case <-changed:
		case <-moved:
		case <-resting:
			resting = nil
		}
	}
}

func (f *feed) pause(d time.Duration) error {
	select {
	case <-f.ctx.Done():
		return f.ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// current returns when the source's rows were last known to be current.
func (f *feed) current() time.Time { return time.Now().Add(-f.src.Age()) }

// status sends a heartbeat, and returns whether it said that the source is ready. What stands at f.at was current at a time.
func (f *feed) status(current time.Time) (ready bool, err error) {
	now := f.src.State.Changes().Snapshot()
	s := status{sent: f.at, index: now.Index, age: time.Since(current), ready: f.src.Ready(), lineage: now.Lineage(), leader: f.src.Leader()}
	f.payload = s.append(f.payload[:0])
	return s.ready, f.out.send(kindStatus, f.payload)
}

// steps sends the steps that lead from f.at to an index.
func (f *feed) steps(list []*catalog.Change, to uint64) error {
	for {
		// What one message has no room for goes into the next; its end is that of its last step.
		end, n, size := to, len(list), 0
		for i, c := range list {
			data, err := c.Encode()
			if err != nil {
				return err
			}
			if size += len(data); size > stepsBytes && i > 0 {
				end, n = list[i-1].Index, i
				break
			}
		}
		b := appendSteps(f.payload[:0], f.at, end)
		for _, c := range list[:n] {
			data, err := c.Encode()
			if err != nil {
				return err
			}
			b = appendStep(b, c.Index, data)
		}
		f.payload = b
		if err := f.out.send(kindSteps, b); err != nil {
			return err
		}
		if cap(b) > keptBytes {
			f.payload = nil
		}
		f.at, list = end, list[n:]
		if len(list) == 0 {
			return nil
		}
	}
}

// snapshot sends all rows. Unless they are of this moment they are not called current before what followed is sent too.
func (f *feed) snapshot() error {
	f.changes = f.src.State.Changes()
	rows := f.changes.Rows()
	defer rows.Close()
	f.payload = binary.BigEndian.AppendUint64(f.payload[:0], rows.Index)
	if err := f.out.send(kindSnapshotBegin, f.payload); err != nil {
		return err
	}
	if err := rows.Copy(chunkWriter{f.out}); err != nil {
		return err
	}
	f.at = rows.Index
	return f.out.send(kindSnapshotEnd, nil)
}

// chunkWriter sends each write as a piece of a snapshot.
type chunkWriter struct{ out *sender }

func (w chunkWriter) Write(b []byte) (int, error) {
	if err := w.out.send(kindSnapshotChunk, b); err != nil {
		return 0, err
	}
	return len(b), nil
}
