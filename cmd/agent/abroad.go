package agent

import (
	"context"
	"sync"
	"time"

	"muster/catalog"
	"muster/catalog/view"
	"muster/dns"
)

// abroad is the catalogs of other datacenters, as views that this agent keeps from
// when it first hears of one. A view outlives the way to its datacenter.
type abroad struct {
	known func() []string // datacenters, this one included
	own   string
	open  func(dc string) (*view.View, error)
	fail  func(dc string, err error)

	mu     sync.Mutex
	views  map[string]*view.View // by folded name
	failed map[string]bool       // by folded name; those that have been told of
}

// view returns the view of a datacenter, if it has been heard of.
func (b *abroad) view(dc string) (*view.View, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	v, ok := b.views[catalog.Fold(dc)]
	return v, ok
}

const (
	lookAbroadEvery = time.Second
	// maxAbroad bounds how many datacenters a stray member of the WAN can have this agent follow.
	maxAbroad = 64
)

// run follows every other datacenter until ctx ends.
func (b *abroad) run(ctx context.Context) {
	var following sync.WaitGroup
	defer following.Wait()
	for ctx.Err() == nil {
		for _, dc := range b.known() {
			if v := b.begin(dc); v != nil {
				following.Go(func() { v.Run(ctx) })
			}
		}
		rest(ctx, lookAbroadEvery)
	}
}

// begin returns the view of a datacenter that is new, or nil.
func (b *abroad) begin(dc string) *view.View {
	dc = catalog.Fold(dc)
	b.mu.Lock()
	defer b.mu.Unlock()
	if dc == catalog.Fold(b.own) || b.views[dc] != nil || len(b.views)+len(b.failed) >= maxAbroad && !b.failed[dc] {
		return nil
	}
	v, err := b.open(dc)
	if err != nil {
		if !b.failed[dc] { // it is tried again each second
			b.failed[dc] = true
			b.fail(dc, err)
		}
		return nil
	}
	delete(b.failed, dc)
	b.views[dc] = v
	return v
}

// snapshot is what prepared queries are answered from for a datacenter, over HTTP. However old that
// is, it is all that this agent knows.
func (b *abroad) snapshot(dc string) (*catalog.Snapshot, error) {
	v, ok := b.view(dc)
	switch {
	case !ok:
		return nil, catalog.Errorf(catalog.NotFound, "no datacenter %q", dc)
	case !v.Status().Ready:
		return nil, catalog.Errorf(catalog.Unavailable, "nothing is known of datacenter %q yet", dc)
	}
	return v.State().Snapshot(), nil
}

// source is what DNS answers from for a datacenter.
func (b *abroad) source(dc string) (dns.View, bool) {
	v, ok := b.view(dc)
	if !ok {
		return dns.View{}, false
	}
	s := v.Status()
	return dns.View{Snapshot: v.State().Snapshot(), Ready: s.Ready, Age: s.Age}, true
}
