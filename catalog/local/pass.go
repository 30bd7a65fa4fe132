package local

import (
	"cmp"
	"context"
	"maps"
	"time"

	"muster/catalog"
)

// pass makes one full comparison and sends what differs. sent tells whether the catalog
// has answered to all of it, if only by refusing some of it, which is then the error.
func (y *Syncer) pass(ctx context.Context, now time.Time) (sent bool, err error) {
	node := y.cfg.Store.cfg.Node()
	if !sameNode(&node, y.cfg.Snapshot().Node(node.Name)) {
		// Alone and first: while the name belongs to another node's id this is
		// refused, and then nothing of ours may land on that node.
		if _, err := y.apply(ctx, &catalog.Register{Node: node}); err != nil {
			return false, err
		}
	}
	outputs := now.Sub(y.flushed) >= y.cfg.Store.cfg.UpdateInterval
	if outputs {
		y.flushed = now
	}
	d := demand{node: node, all: y.all, checks: y.checks, outputs: outputs, done: newRows()}
	y.all = false
	var refused error
	for more := true; more; {
		var r error
		if r, more, err = y.round(ctx, &d); err != nil {
			y.all = y.all || d.all
			return false, err
		}
		refused = cmp.Or(refused, r)
	}
	y.checks = false
	return true, refused
}

// round sends what a demand comes to at this moment. It stops between two batches when there
// is something urgent: more is true then, and the next round begins with that.
func (y *Syncer) round(ctx context.Context, d *demand) (refused error, more bool, err error) {
	urgent := y.cfg.Store.urgent.wait()
	_, d.want, d.seen = y.cfg.Store.view()
	d.have = rowsOn(y.cfg.Snapshot(), d.node.Name)
	y.confirm(d.have)
	d.doubt, d.told = y.sent, y.told
	p := d.plan()
	y.told = d.tell()
	y.held = p.held
	for steps := range batches(p.steps) {
		if more {
			return refused, true, nil
		}
		r, err := y.send(ctx, steps)
		if err != nil {
			return refused, false, err
		}
		refused = cmp.Or(refused, r)
		for _, s := range steps {
			maps.Copy(d.done.instances, s.writes.instances)
			maps.Copy(d.done.checks, s.writes.checks)
		}
		select {
		case <-urgent:
			more = true
		default:
		}
	}
	return refused, false, nil
}

// confirm forgets the rows sent that have arrived in the catalog's copy.
func (y *Syncer) confirm(have rows) {
	for id, sent := range y.sent.instances {
		got := have.instances[id]
		if sent == nil && got == nil || sent != nil && got != nil && sameInstance(sent, got) {
			delete(y.sent.instances, id)
		}
	}
	for id, sent := range y.sent.checks {
		got := have.checks[id]
		if sent == nil && got == nil || sent != nil && got != nil && sameCheck(sent, got) {
			delete(y.sent.checks, id)
		}
	}
}

// send applies one batch and looks at every outcome. refused is the first refusal; what
// else is in the batch has been applied all the same.
func (y *Syncer) send(ctx context.Context, steps []step) (refused, err error) {
	batch := &catalog.Batch{}
	for _, s := range steps {
		batch.Commands = append(batch.Commands, s.command)
		for id, row := range s.writes.instances {
			y.sent.instances[id] = row
		}
		for id, row := range s.writes.checks {
			y.sent.checks[id] = row
		}
	}
	res, err := y.apply(ctx, batch)
	if err != nil {
		return nil, err
	}
	for i, out := range res.Batch {
		switch {
		case out.Err != nil:
			refused = cmp.Or(refused, out.Err)
			// A row that is gone although the comparison saw it: do not look, write.
			y.all = y.all || catalog.CodeOf(out.Err) == catalog.NotFound
		case !steps[i].turned.IsZero():
			y.cfg.Observe(time.Since(steps[i].turned))
		}
	}
	return refused, nil
}

func (y *Syncer) apply(ctx context.Context, c catalog.Command) (catalog.Result, error) {
	y.pace.write(time.Now())
	ctx, cancel := context.WithTimeout(ctx, applyTimeout)
	defer cancel()
	return y.cfg.Applier.Apply(ctx, c)
}
