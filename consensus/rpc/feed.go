package rpc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"muster/catalog"
)

const (
	// openTimeout bounds the opening of one server's feed. Whoever opens a view's
	// feed has twice that, so a silent server leaves time for another.
	openTimeout = time.Second
	// homesick is about how long a feed is followed at a server that is not this
	// agent's own. Without it the feeds of a cluster would end up at the servers that
	// were restarted first.
	homesick = 3 * time.Minute
)

// Feed opens a server's feed of a datacenter's catalog ("": this agent's own), as
// view.Config wants it. Each agent has a server of its own; when called again for a
// datacenter it takes the server of last time for failed and prefers others for a
// while. The reader must be closed; it has a method Server() string. Its life is bound to ctx and the forwarder's.
func (f *Forwarder) Feed(ctx context.Context, dc string, since uint64) (io.ReadCloser, error) {
	servers, at := f.feeders(dc)
	if len(servers) == 0 && at != "" {
		return nil, catalog.Errorf(catalog.NotFound, noDatacenter)
	}
	f.leave(dc)
	err := catalog.Errorf(catalog.Unavailable, "no server is known")
	for n, addr := range f.spread.order(servers) {
		if ctx.Err() != nil {
			break
		}
		if n > 0 {
			f.cfg.Metrics.Retried("feed")
		}
		var opened *feed
		if opened, err = f.open(ctx, at, addr, dc, since); err == nil {
			f.mu.Lock()
			f.followed[dc] = opened
			f.mu.Unlock()
			return opened, nil
		}
		f.spread.fail(addr)
	}
	return nil, err
}

// feeders are the servers to ask for a datacenter's feed, and the datacenter that they are in, "" for this one.
func (f *Forwarder) feeders(dc string) (servers []string, at string) {
	if dc == "" || f.cfg.Remote == nil || catalog.EqualFold(dc, f.cfg.Datacenter) {
		return f.cfg.Servers(), ""
	}
	return f.cfg.Remote(dc), dc
}

// leave forgets the feed that a new one replaces, and thinks worse of its server
// unless the feed ended to go to a better one.
func (f *Forwarder) leave(dc string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if last := f.followed[dc]; last != nil && !last.moved.Load() {
		f.spread.fail(last.server)
	}
	delete(f.followed, dc)
}

// open opens the feed of one server.
func (f *Forwarder) open(ctx context.Context, at, addr, dc string, since uint64) (_ *feed, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	unbind := context.AfterFunc(f.ctx, func() { cancel(errClosed) })
	late := time.AfterFunc(openTimeout, func() { cancel(errSlow) })
	o := &feed{server: addr, end: func() { late.Stop(); unbind(); cancel(context.Canceled) }}
	defer func() {
		if err != nil {
			o.end()
			err = fmt.Errorf("feed of %s: %w", addr, err)
		}
	}()
	req, err := newRequest(ctx, addr, query{path: pathFeed, params: url.Values{
		"dc": {dc}, "since": {strconv.FormatUint(since, 10)},
	}})
	if err != nil {
		return nil, err
	}
	resp, err := f.links.to(at).RoundTrip(req)
	if err != nil {
		return nil, err
	}
	o.body = resp.Body
	if resp.StatusCode != http.StatusOK {
		err = refusalOf(resp)
		resp.Body.Close()
		return nil, err
	}
	if !late.Stop() {
		resp.Body.Close()
		return nil, errSlow
	}
	o.longForHome(ctx, f, dc)
	return o, nil
}

// feed is an open feed.
type feed struct {
	body   io.ReadCloser
	server string
	end    func()
	home   *time.Timer
	moved  atomic.Bool // it was cut for the sake of a better server
}

// Read implements io.Reader.
func (o *feed) Read(p []byte) (int, error) {
	n, err := o.body.Read(p)
	if err != nil && o.moved.Load() {
		err = errHome
	}
	return n, err
}

var errHome = errors.New("this agent goes back to its own server")

// Server is the host:port of the server that feeds.
func (o *feed) Server() string { return o.server }

// Close ends the feed.
func (o *feed) Close() error {
	o.home.Stop()
	o.end()
	return o.body.Close()
}

// longForHome looks now and then whether the agent should be at another server.
func (o *feed) longForHome(ctx context.Context, f *Forwarder, dc string) {
	o.home = time.AfterFunc(homesick, func() {
		if ctx.Err() == nil && !o.goHome(f, dc) {
			o.home.Reset(homesick)
		}
	})
	o.home.Reset(homesick/2 + rand.N(homesick)) // restarts a cluster's feeds one by one
}

// goHome cuts the feed if the agent's own server is another one and well, so that it is opened there.
func (o *feed) goHome(f *Forwarder, dc string) bool {
	servers, _ := f.feeders(dc)
	home := f.spread.home(servers)
	if home == "" || home == o.server || !f.spread.well(home) {
		return false
	}
	o.moved.Store(true)
	o.end()
	return true
}
