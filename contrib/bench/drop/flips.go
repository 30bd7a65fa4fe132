//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"muster/contrib/cluster/fleet"
)

// flips changes the status of many checks, each once a second.
type flips struct {
	*bench
	n       int
	cancel  context.CancelFunc
	workers sync.WaitGroup
	began   time.Time
	index   uint64 // of the log then
	mu      sync.Mutex
	done    int
	errs    []error
}

// startFlips registers as many instances of another service, each with a check that its owner reports on, and flips them.
func (b *bench) startFlips(ctx context.Context, n int) (*flips, error) {
	f := &flips{bench: b, n: n}
	for i := range n {
		def := map[string]any{"id": flipID(i), "name": "flip", "port": port,
			"check": map[string]any{"id": flipID(i), "ttl": "1h", "status": "passing"}}
		if err := b.Call(ctx, f.agent(i), "PUT", "/v1/agent/service/register", def, nil); err != nil {
			return nil, err
		}
	}
	if err := f.awaitPassing(ctx); err != nil {
		return nil, err
	}
	var err error
	if f.index, err = b.index(ctx); err != nil {
		return nil, err
	}
	f.began = time.Now()
	running, cancel := context.WithCancel(ctx)
	f.cancel = cancel
	for a := range b.Agents {
		f.workers.Go(func() { f.flip(running, a) })
	}
	return f, nil
}

func flipID(i int) string                 { return fmt.Sprintf("flip-%d", i) }
func (f *flips) agent(i int) *fleet.Agent { return f.Agents[i%len(f.Agents)] }

// flip reports on the checks of one agent, evenly over each second.
func (f *flips) flip(ctx context.Context, agent int) {
	var own []int
	for i := agent; i < f.n; i += len(f.Agents) {
		own = append(own, i)
	}
	if own == nil {
		return
	}
	tick := time.NewTicker(time.Second / time.Duration(len(own)))
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		word := "fail"
		if n/len(own)%2 == 1 {
			word = "pass"
		}
		err := f.Call(ctx, f.Agents[agent], "PUT", "/v1/agent/check/"+word+"/"+flipID(own[n%len(own)]), nil, nil)
		if ctx.Err() != nil {
			return // it may have come too late
		}
		f.mu.Lock()
		f.done++
		f.errs = append(f.errs, err)
		f.mu.Unlock()
	}
}

// stop ends the flipping, has every check pass, waits until all agents know, and returns
// how many flips and log entries a second there were.
func (f *flips) stop(ctx context.Context) (each, entries float64, err error) {
	took := time.Since(f.began).Seconds()
	index, err := f.bench.index(ctx)
	f.cancel()
	f.workers.Wait()
	err = errors.Join(append(f.errs, err)...)
	if err != nil {
		return 0, 0, err
	}
	each, entries = float64(f.done)/took, float64(index-f.index)/took
	for i := range f.n {
		if err := f.Call(ctx, f.agent(i), "PUT", "/v1/agent/check/pass/"+flipID(i), nil, nil); err != nil {
			return each, entries, err
		}
	}
	if err := f.awaitPassing(ctx); err != nil {
		return each, entries, err
	}
	for i := range f.n {
		if err := f.Call(ctx, f.agent(i), "PUT", "/v1/agent/service/deregister/"+flipID(i), nil, nil); err != nil {
			return each, entries, err
		}
	}
	return each, entries, nil
}

// awaitPassing waits until every agent knows that all checks pass.
func (f *flips) awaitPassing(ctx context.Context) error {
	for _, a := range f.Agents {
		err := fleet.Await(ctx, func(ctx context.Context) error {
			var all []struct{ Status string }
			if err := f.Call(ctx, a, "GET", "/v1/health/checks/flip?stale", nil, &all); err != nil {
				return err
			}
			n := 0
			for _, c := range all {
				if c.Status == "passing" {
					n++
				}
			}
			if n != f.n || len(all) != f.n {
				return fmt.Errorf("%s has %d of %d flipped checks, %d pass", a.Name, len(all), f.n, n)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// index returns how far the raft log has come.
func (b *bench) index(ctx context.Context) (uint64, error) {
	leader, err := b.Leader(ctx)
	if err != nil {
		return 0, err
	}
	v, err := metric(ctx, leader, "muster_catalog_index")
	return uint64(v), err
}

// metric reads one of an agent's figures.
func metric(ctx context.Context, a *fleet.Agent, name string) (float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.HTTP()+"/v1/agent/metrics?format=prometheus", nil)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	return read(resp.Body, name)
}

func read(text io.Reader, name string) (float64, error) {
	lines := bufio.NewScanner(text)
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			return strconv.ParseFloat(rest, 64)
		}
	}
	if err := lines.Err(); err != nil {
		return 0, err
	}
	return 0, fmt.Errorf("there is no figure called %s", name)
}
