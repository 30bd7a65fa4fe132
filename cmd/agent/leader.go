package agent

import (
	"context"
	"log/slog"
	"maps"
	"time"

	"muster/catalog"
)

// applier hands commands to the leader, wherever it is.
type applier interface {
	Apply(context.Context, catalog.Command) (catalog.Result, error)
}

// leaderDuties is what an agent does while it leads: it keeps the rows that no
// agent registers for itself in the catalog. With one member that is its own
// node, the node's serfHealth check, and the service that lists the servers.
type leaderDuties struct {
	applier  applier
	snapshot func() *catalog.Snapshot
	node     func() catalog.Node
	server   catalog.Instance // this server's instance of ServersService
	interval time.Duration    // between looks at the catalog when nothing changes
	log      *slog.Logger
}

// run does the duties during each term of leadership that leading announces, until ctx ends.
func (d *leaderDuties) run(ctx context.Context, leading <-chan bool) {
	stop := func() {}
	defer func() { stop() }()
	for {
		select {
		case <-ctx.Done():
			return
		case lead := <-leading:
			stop()
			stop = func() {}
			if lead {
				stop = d.startTerm(ctx)
			}
		}
	}
}

// startTerm runs the reconcile loop in the background; the function it returns ends it and waits.
func (d *leaderDuties) startTerm(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.term(ctx)
	}()
	return func() { cancel(); <-done }
}

// term reconciles at once, whenever this node's rows change, and at each interval.
func (d *leaderDuties) term(ctx context.Context) {
	const retry = 100 * time.Millisecond
	for {
		again := d.interval
		changed := d.snapshot().NodeMark(d.node().Name).Changed
		if err := d.reconcile(ctx); err != nil && ctx.Err() == nil {
			d.log.Warn("cannot register this server in the catalog", "err", err)
			again = retry
			changed = nil
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-time.After(again):
		}
	}
}

// reconcile writes this server's rows unless they already stand as they should.
func (d *leaderDuties) reconcile(ctx context.Context) error {
	want := d.registration()
	snap := d.snapshot()
	health := snap.Check(want.Node.Name, catalog.SerfHealth)
	server := snap.Instance(want.Node.Name, d.server.ID)
	if health != nil && health.SameAs(want.Checks[0]) && server != nil && server.SameAs(want.Instance) &&
		sameNode(snap.Node(want.Node.Name), &want.Node) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err := d.applier.Apply(ctx, want)
	return err
}

func sameNode(have, want *catalog.Node) bool {
	return have != nil && have.ID == want.ID && have.Address == want.Address && have.Datacenter == want.Datacenter &&
		maps.Equal(have.TaggedAddresses, want.TaggedAddresses) && maps.Equal(have.Meta, want.Meta)
}

func (d *leaderDuties) registration() *catalog.Register {
	node, server := d.node(), d.server
	server.Node = node.Name
	return &catalog.Register{
		Node:     node,
		Instance: &server,
		Checks: []*catalog.Check{{
			Node: node.Name, ID: catalog.SerfHealth, Name: "Serf Health Status",
			Status: catalog.Passing, Output: "Agent alive and reachable",
		}},
	}
}
