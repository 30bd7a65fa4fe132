package agent

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"muster/consensus"
	"muster/consensus/gossip"
)

// founder makes a cluster of servers that have met, once, if each was told how
// many to wait for.
//
// Servers meet at different times, so two of them could each see enough others and
// found a cluster of their own. Therefore only one founds: the one with the smallest
// id of those it sees, and only when each of the chosen has promised itself to it.
// A server promises itself to one founder at a time and to none once it has state.
type founder struct {
	id      string // this node
	expect  int
	replica interface {
		HasState() bool
		Bootstrap([]consensus.Server) error
	}
	members  func() ([]gossip.Member, <-chan struct{})
	promises *promises
	// ask asks the server at an address for its promise.
	ask func(ctx context.Context, address, founder string) (bool, error)
	log *slog.Logger
}

const (
	foundRetry = 500 * time.Millisecond
	// foundTime bounds the founding, and is well below promiseFor.
	foundTime = 2 * time.Second
	// promiseFor is how long a promise binds; a founder that dies must not block all others.
	promiseFor = 15 * time.Second
)

// run ends when this server belongs to a cluster, its own founding or another's, or with ctx.
func (f *founder) run(ctx context.Context) {
	said := 0
	for !f.replica.HasState() {
		members, changed := f.members()
		chosen, waiting := f.choose(members)
		if n := len(waiting); n != said && chosen == nil {
			f.log.Info("waiting for servers to make a cluster with", "met", strings.Join(waiting, " "), "expected", f.expect)
			said = n
		}
		if chosen != nil && chosen[0].ID == f.id {
			if err := f.found(ctx, chosen); err != nil && ctx.Err() == nil {
				f.log.Info("cluster not bootstrapped yet, trying again", "err", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-time.After(foundRetry):
		}
	}
}

// choose returns the servers of the new cluster in the order of their ids; nil
// while there are too few, or one belongs to a cluster already, which will then take in the
// others. Waiting are the names of those who wait.
func (f *founder) choose(members []gossip.Member) (chosen []consensus.Server, waiting []string) {
	joined := false
	for _, m := range members {
		if !m.Server || m.Status != gossip.Alive {
			continue
		}
		if m.Tags[tagState] == "1" {
			joined = true
		} else if m.Expect == f.expect {
			chosen = append(chosen, consensus.Server{ID: m.ID, Address: m.RPC.String(), Voter: true})
			waiting = append(waiting, m.Name)
		}
	}
	if joined || len(chosen) < f.expect {
		return nil, waiting
	}
	slices.SortFunc(chosen, func(a, b consensus.Server) int { return strings.Compare(a.ID, b.ID) })
	return chosen, waiting
}

// found bootstraps the cluster if everybody is willing.
func (f *founder) found(ctx context.Context, chosen []consensus.Server) error {
	ctx, cancel := context.WithTimeout(ctx, foundTime)
	defer cancel()
	if !f.promises.give(f.id) {
		return errPromised{f.id}
	}
	for _, s := range chosen[1:] {
		willing, err := f.ask(ctx, s.Address, f.id)
		if err != nil {
			return err
		}
		if !willing {
			return errPromised{s.ID}
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return f.replica.Bootstrap(chosen)
}

// errPromised is why a server did not join a founding.
type errPromised struct{ id string }

func (e errPromised) Error() string {
	return "server " + e.id + " belongs to a cluster, or waits for another founder"
}

// promises holds whom this server has promised itself to.
type promises struct {
	hasState func() bool

	mu sync.Mutex
	to string
	at time.Time
}

// give promises this server to a founder, and reports whether it may.
func (p *promises) give(founder string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.hasState() || p.to != "" && p.to != founder && time.Since(p.at) < promiseFor {
		return false
	}
	p.to, p.at = founder, time.Now()
	return true
}
