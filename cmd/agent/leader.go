package agent

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"muster/catalog"
	"muster/consensus"
	"muster/consensus/gossip"
)

// applier hands commands to the leader, wherever it is.
type applier interface {
	Apply(context.Context, catalog.Command) (catalog.Result, error)
}

// raftMembers is what the leader can do about the members of raft.
type raftMembers interface {
	Servers() []consensus.Server
	AddServer(context.Context, consensus.Server) error
	RemoveServer(ctx context.Context, id string) error
}

// leaderDuties is what an agent does while it leads: it keeps those rows of the
// catalog that no agent registers for itself, and the members of raft, in line with
// the members that gossip knows. What is to be done is decided by [situation.decide].
type leaderDuties struct {
	datacenter string
	self       string // node id
	expect     int    // bootstrap_expect
	applier    applier
	raft       raftMembers
	snapshot   func() *catalog.Snapshot
	// members returns who gossip knows, and a channel that is closed when that changes.
	members func() ([]gossip.Member, <-chan struct{})
	// forceLeave has gossip take a failed member for one that left; then its rows go, too.
	forceLeave func(name string) error
	checkups   *checkups
	sessions   *sessionClock
	surveyor   *surveyor
	// initial are the settings of autopilot until somebody sets others.
	initial  catalog.Autopilot
	interval time.Duration // between looks when nothing changes
	log      *slog.Logger

	missing map[string]time.Time // as in situation
	failing bool                 // whether the last look ended in an error
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

// startTerm looks after the cluster in the background; the function it returns ends that and waits.
func (d *leaderDuties) startTerm(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var work sync.WaitGroup
	work.Go(func() { d.checkups.run(ctx) })
	work.Go(func() { d.sessions.run(ctx) })
	work.Go(func() { d.surveyor.run(ctx) })
	guards := &guardClock{applier: d.applier, snapshot: d.snapshot, log: d.log}
	work.Go(func() { guards.run(ctx) })
	work.Go(func() { d.term(ctx) })
	return func() { cancel(); work.Wait() }
}

const (
	retryPause = 100 * time.Millisecond // after a failure
	waitPause  = time.Second            // while time alone may call for more
	deedTime   = 5 * time.Second        // that one look's deeds may take
)

// term looks at once, whenever members, nodes or the service of the servers change, and at intervals.
func (d *leaderDuties) term(ctx context.Context) {
	d.missing = map[string]time.Time{}
	for {
		members, met := d.members()
		snap := d.snapshot()
		_, nodes := snap.Nodes()
		servers := snap.ServiceMark(catalog.ServersService)
		s := d.look(members, snap, time.Now())
		todo := s.decide()
		pause := d.interval
		if todo.wait {
			pause = waitPause
		}
		if err := d.do(ctx, todo); err != nil && ctx.Err() == nil {
			if !d.failing {
				d.log.Warn("cannot bring the cluster in line with its members, trying again", "err", err)
			}
			d.failing = true
			pause, met, nodes.Changed, servers.Changed = retryPause, nil, nil, nil
		} else {
			d.failing = false
		}
		select {
		case <-ctx.Done():
			return
		case <-met:
		case <-nodes.Changed:
		case <-servers.Changed:
		case <-time.After(pause):
		}
	}
}

// look takes in the situation and notes what it has been for how long.
func (d *leaderDuties) look(members []gossip.Member, snap *catalog.Snapshot, now time.Time) *situation {
	autopilot, _ := snap.Autopilot()
	s := &situation{
		datacenter: d.datacenter, self: d.self, expect: d.expect, now: now,
		members: members, servers: d.raft.Servers(), catalog: snap, autopilot: autopilot, initial: d.initial,
		healthy: map[string]time.Time{}, missing: d.missing,
	}
	rand.Read(s.lineage[:]) // never fails
	missing := map[string]bool{}
	known := map[string]*gossip.Member{}
	for i := range members {
		m := &members[i]
		if catalog.EqualFold(m.Datacenter, d.datacenter) {
			known[catalog.Fold(m.Name)], known[m.ID] = m, m
		}
	}
	nodes, _ := snap.Nodes()
	for _, n := range nodes {
		if known[catalog.Fold(n.Name)] == nil {
			missing[catalog.Fold(n.Name)] = true
		}
	}
	for _, r := range s.servers {
		m := known[r.ID]
		if m == nil {
			missing[r.ID] = true
		} else if k, _ := d.checkups.of(r.ID); k.healthy && m.Status == gossip.Alive {
			s.healthy[r.ID] = k.since
		}
	}
	note(d.missing, missing, now)
	return s
}

// note keeps since when something has been so.
func note(since map[string]time.Time, is map[string]bool, now time.Time) {
	maps.DeleteFunc(since, func(key string, _ time.Time) bool { return !is[key] })
	for key := range is {
		if since[key].IsZero() {
			since[key] = now
		}
	}
}

// maxDeeds bounds how many commands go into one log entry.
const maxDeeds = 256

// do carries deeds out. What fails is left for the next look.
func (d *leaderDuties) do(ctx context.Context, todo deeds) error {
	ctx, cancel := context.WithTimeout(ctx, deedTime)
	defer cancel()
	var errs []error
	for commands := range slices.Chunk(todo.commands, maxDeeds) {
		res, err := d.applier.Apply(ctx, &catalog.Batch{Commands: commands})
		if err != nil {
			return fmt.Errorf("register members: %w", err)
		}
		for _, out := range res.Batch {
			errs = append(errs, out.Err)
		}
	}
	for _, name := range todo.expel {
		if err := d.forceLeave(name); err != nil {
			return fmt.Errorf("expel %s: %w", name, err)
		}
	}
	for _, id := range todo.remove {
		d.log.Info("removing a server from raft", "id", id)
		if err := d.raft.RemoveServer(ctx, id); err != nil {
			return fmt.Errorf("remove server %s from raft: %w", id, err)
		}
	}
	for _, s := range todo.put {
		d.log.Info("adding a server to raft", "id", s.ID, "address", s.Address, "voter", s.Voter)
		if err := d.raft.AddServer(ctx, s); err != nil {
			return fmt.Errorf("add server %s to raft: %w", s.ID, err)
		}
	}
	return errors.Join(errs...)
}
