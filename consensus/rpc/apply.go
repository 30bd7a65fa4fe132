package rpc

import (
	"context"
	"errors"
	"fmt"

	"muster/catalog"
)

// write is a command on its way to a leader.
type write struct {
	command catalog.Command
	origin  func() uint64 // the index that the agent knows the log to have passed, 0 if it does not
	once    *catalog.Once // the command, if it was made repeatable here
	safe    bool          // may be repeated
	parts   int           // of a batch
	encoded []byte        // made when it is first passed on
	doubt   bool          // an attempt's outcome is unknown
	abroad  bool          // it was passed on
}

// Apply commits a command: here if this server leads, else at the leader. It waits
// out elections, and repeats what may be repeated, until ctx ends, or for 10 s if it
// does not. When it returns, the agent's own state shows the write, if that took no
// more than a second. An error that is not the command's own is Unavailable and
// wraps catalog.ErrNothingWritten or catalog.ErrOutcomeUnknown.
func (f *Forwarder) Apply(ctx context.Context, c catalog.Command) (catalog.Result, error) {
	ctx, cancel := bound(ctx)
	defer cancel()
	w := &write{command: c, origin: f.origin, safe: repeatable(c)}
	if b, ok := c.(*catalog.Batch); ok {
		w.parts = len(b.Commands)
	}
	res, err := f.commit(ctx, w)
	if w.abroad {
		f.cfg.Metrics.Forwarded(resultOf(err))
	}
	return res, err
}

// commit tries until the outcome is settled.
func (f *Forwarder) commit(ctx context.Context, w *write) (catalog.Result, error) {
	for attempt := 0; ; attempt++ {
		leader, changed := f.leader()
		addr, relay := f.target(leader, attempt)
		res, what, err := f.try(ctx, addr, relay, w)
		if what == settled {
			return res, err
		}
		again := what != late || !w.doubt && w.renew()
		w.doubt = w.doubt || what == unknown
		if w.doubt && !w.safe || !again || !f.pause(ctx, changed, attempt) {
			return catalog.Result{}, w.lost(err)
		}
		f.cfg.Metrics.Retried("write")
	}
}

// try makes one attempt, with a server that leads or, if it shall relay, one that knows who does.
func (f *Forwarder) try(ctx context.Context, addr string, relay bool, w *write) (catalog.Result, fate, error) {
	switch {
	case f.leads(addr):
		if !w.safe && len(f.cfg.Member.Peers()) > 1 { // alone, nobody can depose us and take it up
			w.secure()
		}
		res, err := f.cfg.Member.Apply(ctx, w.command)
		return res, fateOf(err), err
	case addr == "":
		return catalog.Result{}, nothing, errNoLeader
	}
	return f.passOn(ctx, addr, relay, w)
}

// passOn has another server apply the command.
func (f *Forwarder) passOn(ctx context.Context, addr string, relay bool, w *write) (catalog.Result, fate, error) {
	w.abroad = true
	if err := w.encode(); err != nil {
		return catalog.Result{}, settled, err
	}
	r, sent, err := f.ask(ctx, addr, query{path: pathApply, body: w.encoded, relay: relay})
	switch {
	case err != nil && sent:
		return catalog.Result{}, unknown, err
	case err != nil:
		return catalog.Result{}, nothing, err
	case r.Fate == elsewhere:
		return catalog.Result{}, nothing, fmt.Errorf("%s does not lead", addr)
	}
	f.hear(r.Index)
	res, err := r.result()
	if r.Fate == settled && err == nil && len(res.Batch) != w.parts {
		return catalog.Result{}, settled, fmt.Errorf("%s answered a command of %d parts with %d outcomes", addr, w.parts, len(res.Batch))
	}
	if r.Fate == settled {
		f.catchUp(ctx, r.Index)
	}
	return res, r.Fate, err
}

// secure makes the command repeatable. It must not have been tried before.
func (w *write) secure() {
	if !w.safe {
		w.once = once(w.command, w.origin())
		w.command, w.safe = w.once, true
	}
}

// renew makes another command of one that came too late, by what this agent knows by now:
// it had been behind. No attempt may be in doubt. It reports whether it could.
func (w *write) renew() bool {
	if w.once != nil {
		w.once = once(w.once.Command, w.origin())
		w.command, w.encoded = w.once, nil
	}
	return w.once != nil
}

// origin is for what is sent first from now on. The agent's own state tells how far the log is at least, and
// so do the replies of servers: the state may be far behind.
func (f *Forwarder) origin() uint64 {
	return max(f.cfg.State().Applied(), f.heard.Load())
}

// hear takes note of an index that the log has reached.
func (f *Forwarder) hear(index uint64) {
	for known := f.heard.Load(); index > known; known = f.heard.Load() {
		if f.heard.CompareAndSwap(known, index) {
			return
		}
	}
}

// encode makes the command ready to be passed on.
func (w *write) encode() error {
	w.secure()
	if w.encoded != nil {
		return nil
	}
	data, err := catalog.Encode(w.command)
	if err == nil && len(data) > maxCommandBytes {
		err = catalog.Errorf(catalog.TooLarge, "command has %d bytes, the limit is %d", len(data), maxCommandBytes)
	}
	w.encoded = data
	return err
}

// lost is the error of a write that ends without an outcome. It wraps one of the
// two fates, so that of the last attempt stays as text when an earlier one was worse.
func (w *write) lost(cause error) error {
	what := nothing
	if w.doubt {
		what = unknown
	}
	if fateOf(cause) == what {
		return cause
	}
	return what.err(cause.Error())
}

// resultOf is an outcome's name in the metrics.
func resultOf(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, catalog.ErrOutcomeUnknown):
		return "unknown"
	case errors.Is(err, catalog.ErrNothingWritten):
		return "unavailable"
	}
	return "refused"
}
