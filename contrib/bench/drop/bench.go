//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"path/filepath"
	"sync"
	"time"

	"muster/contrib/cluster/fleet"
)

const (
	// port is what every endpoint listens on, and firstIP the last number of the first one's address.
	port    = 9000
	firstIP = 101
	// stay is how long agents have to make out that an endpoint is back before it is
	// closed again: they look at pid files every second, and hold off targets that hang up within three.
	stay = 3500 * time.Millisecond
	// patience bounds every wait for an instance to come or go.
	patience = 20 * time.Second
	// afterwards is how long an instance that is out must stay out.
	afterwards = 30 * time.Millisecond
)

// bench measures on a running cluster.
type bench struct {
	*fleet.Cluster
	chance *rand.Rand
	net    string
	dir    string // for pid files
	every  time.Duration
}

// service is the one under test, of one kind, with its endpoints and what is seen of it.
type service struct {
	*bench
	kind      string
	endpoints []*endpoint
	sights    []*sight // by agent
	done      chan struct{}
	watching  sync.WaitGroup
}

// checks are the probes under test by their kinds. Those that are woken have a long interval,
// so that it has little part in the figures.
var checks = map[string]map[string]any{
	"interval": {"interval": "100ms"},
	"hold":     {"interval": "2s", "hold": true},
	"pid":      {"interval": "2s"}, // and the pid file
}

// open starts the endpoints, registers the instances, each with the agent whose turn
// it is, and returns once every agent shows all of them.
func (b *bench) open(ctx context.Context, kind string) (*service, error) {
	s := &service{bench: b, kind: kind, done: make(chan struct{})}
	if err := s.watch(); err != nil {
		return s, err
	}
	for i := range instances {
		ip := fmt.Sprintf("%s.%d", b.net, firstIP+i)
		e := &endpoint{address: fmt.Sprintf("%s:%d", ip, port), pidFile: filepath.Join(b.dir, fmt.Sprintf("%s-%d.pid", kind, i))}
		s.endpoints = append(s.endpoints, e)
		if err := e.start(); err != nil {
			return s, err
		}
		check := map[string]any{"id": s.id(i), "tcp": e.address}
		for k, v := range checks[kind] {
			check[k] = v
		}
		if kind == "pid" {
			check["pid_file"] = e.pidFile
		}
		def := map[string]any{"id": s.id(i), "name": s.name(), "address": ip, "port": port, "check": check}
		if err := b.Call(ctx, s.prober(i), "PUT", "/v1/agent/service/register", def, nil); err != nil {
			return s, err
		}
	}
	for i := range instances {
		if _, err := s.await(ctx, i, true); err != nil {
			return s, err
		}
	}
	return s, nil
}

func (s *service) name() string              { return "drop-" + s.kind }
func (s *service) id(i int) string           { return fmt.Sprintf("drop-%s-%d", s.kind, i) }
func (s *service) prober(i int) *fleet.Agent { return s.Agents[i%len(s.Agents)] }

// watch begins to ask every agent for the service.
func (s *service) watch() error {
	for _, a := range s.Agents {
		query, err := question(s.name() + ".service.consul")
		if err != nil {
			return err
		}
		conn, err := net.Dial("udp", a.DNS())
		if err != nil {
			return err
		}
		w := &watcher{conn: conn, query: query, base: firstIP, sight: &sight{}}
		s.sights = append(s.sights, w.sight)
		s.watching.Go(func() {
			defer conn.Close()
			w.watch(s.every, s.done)
		})
	}
	return nil
}

// close takes the service away.
func (s *service) close(ctx context.Context) error {
	var errs []error
	for i, e := range s.endpoints {
		_, err := e.kill()
		errs = append(errs, err)
		errs = append(errs, s.Call(ctx, s.prober(i), "PUT", "/v1/agent/service/deregister/"+s.id(i), nil, nil))
	}
	close(s.done)
	s.watching.Wait()
	for i, v := range s.sights {
		if v.lost > 0 {
			errs = append(errs, fmt.Errorf("%s lost %d of %d answers, first: %w", s.Agents[i].Name, v.lost, v.asked, v.first))
		}
	}
	return errors.Join(errs...)
}

// await waits until all agents show an instance, or none does, and returns when the last one began to.
func (s *service) await(ctx context.Context, i int, shown bool) (last time.Time, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for a, v := range s.sights {
		for {
			is, since := v.of(i)
			if is == shown && (!shown || !since.IsZero()) {
				if since.After(last) {
					last = since
				}
				break
			}
			if rest(ctx, time.Millisecond); ctx.Err() != nil {
				return last, fmt.Errorf("%s did not come to show %s as it is (answers: %t) within %v", s.Agents[a].Name, s.id(i), shown, patience)
			}
		}
	}
	return last, nil
}

// drop is what came of one endpoint's death.
type drop struct {
	death, seen time.Duration // from the death, and from when a probe saw it, until no agent showed the instance
	notice      time.Duration // from the death to when a probe saw it
	back        bool          // somebody showed the instance again although it was dead
}

// drop closes an endpoint, waits until nobody shows it, and brings it back.
func (s *service) drop(ctx context.Context, i int) (drop, error) {
	e := s.endpoints[i]
	if _, err := s.await(ctx, i, true); err != nil {
		return drop{}, err
	}
	e.settled(ctx, stay)
	rest(ctx, time.Duration(s.chance.Int64N(int64(100*time.Millisecond)))) // out of step with intervals
	died, err := e.kill()
	if err != nil {
		return drop{}, err
	}
	gone, err := s.await(ctx, i, false)
	if err != nil {
		return drop{}, err
	}
	rest(ctx, afterwards)
	seen, err := s.seen(ctx, i, died)
	if err != nil {
		return drop{}, err
	}
	d := drop{death: gone.Sub(died), seen: gone.Sub(seen), notice: seen.Sub(died)}
	for _, v := range s.sights {
		is, since := v.of(i)
		d.back = d.back || is || since.After(gone)
	}
	return d, e.start()
}

// seen asks the probing agent when its probe saw a death. All clocks are this machine's.
func (s *service) seen(ctx context.Context, i int, died time.Time) (time.Time, error) {
	var history []struct {
		At time.Time
		To string
	}
	if err := s.Call(ctx, s.prober(i), "GET", "/v1/agent/check/"+s.id(i)+"/history", nil, &history); err != nil {
		return time.Time{}, err
	}
	if len(history) > 0 {
		if last := history[len(history)-1]; last.To == "critical" && last.At.After(died) {
			return last.At, nil
		}
	}
	return time.Time{}, fmt.Errorf("%s does not say when it saw the death of %s", s.prober(i).Name, s.id(i))
}
