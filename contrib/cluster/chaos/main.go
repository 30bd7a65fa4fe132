//go:build linux

// Command chaos runs a muster cluster of real processes, three servers and two
// clients on addresses of 127.0.0.0/8, and does to it what happens in production:
// it kills the leader, restarts one agent after the other, kills a client, and
// kills all servers at once. All the while it asks DNS on every agent every two
// milliseconds, and writes keys through agents that are up. It prints how many
// questions failed on agents that were up, how long nothing could be written after
// each death of a leader, and how long a dead client stayed in the answers, as a
// table and as one line of JSON.
//
// It exits with 1 when a promise was broken: a failed question, a lost write, or a
// fault that did not happen. contrib/cluster/chaos.sh builds and runs it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"

	"muster/contrib/cluster/fleet"
)

type options struct {
	muster   string // the program
	dir      string // for data and logs
	net      string // the first three numbers of all addresses
	kills    int    // of the leader
	restarts int    // rounds of restarting every agent
	deaths   int    // of a client
	outages  int    // of all servers at once
	every    time.Duration
	pause    time.Duration // between faults
	within   time.Duration // bound of write gaps and detections; 0: none
	seed     uint64
}

// servers and clients are how many agents of each kind the cluster has.
const servers, clients = 3, 2

func main() {
	var o options
	flag.StringVar(&o.muster, "muster", "", "the program to run")
	flag.StringVar(&o.dir, "dir", "", "directory for data and logs, which must be empty")
	flag.StringVar(&o.net, "net", "", "first three numbers of the agents' addresses, such as 127.0.7 (default: left to chance)")
	flag.IntVar(&o.kills, "kills", 20, "how often the leader is killed")
	flag.IntVar(&o.restarts, "restarts", 1, "how often each agent is restarted in turn")
	flag.IntVar(&o.deaths, "deaths", 20, "how often a client is killed")
	flag.IntVar(&o.outages, "outages", 1, "how often all servers are killed at once")
	flag.DurationVar(&o.every, "every", 2*time.Millisecond, "time between two questions to one agent")
	flag.DurationVar(&o.pause, "pause", time.Second, "time between two faults, and that an outage lasts")
	flag.DurationVar(&o.within, "within", 0, "fail if a pause of writes or a dead client's stay was longer (default: that is for people to judge)")
	flag.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()), "of what is left to chance")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	r, err := run(ctx, o)
	stop()
	if r != nil {
		if err == nil {
			err = r.judge(o)
		}
		r.conclude(err)
		r.print(os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

// run does everything and returns what it saw, also after an error.
func run(ctx context.Context, o options) (r *report, err error) {
	if o.muster == "" || o.dir == "" {
		return nil, errors.New("-muster and -dir are needed")
	}
	r = &report{Seed: o.seed}
	chance := rand.New(rand.NewPCG(o.seed, 0))
	if o.net == "" {
		// Two runs on one machine must not meet.
		o.net = fmt.Sprintf("127.%d.%d", 1+chance.IntN(254), chance.IntN(256))
	}
	c := &cluster{fleet.New(fleet.Options{Muster: o.muster, Dir: o.dir, Net: o.net, Servers: servers, Clients: clients})}
	defer func() {
		if err = errors.Join(err, c.KillAll()); ctx.Err() != nil {
			err = errors.New("interrupted")
		} else if err != nil {
			err = fmt.Errorf("%w (logs are in %s)", err, o.dir)
		}
	}()
	began := time.Now()
	if err := c.Start(ctx); err != nil {
		return r, err
	}
	r.FormedIn = seconds(time.Since(began))
	if err := c.populate(ctx); err != nil {
		return r, err
	}
	q := c.startQuestions(o.every)
	w := c.startWriter()
	defer func() {
		w.stop()
		q.stop()
		r.take(q, w)
	}()
	if err := c.harm(ctx, o, chance, w, r); err != nil {
		return r, err
	}
	w.stop()
	r.Lost, err = c.lost(ctx, w)
	return r, err
}

// harm does all faults that the options ask for, one after the other.
func (c *cluster) harm(ctx context.Context, o options, chance *rand.Rand, w *writer, r *report) error {
	for range o.kills {
		if err := c.killLeader(ctx, w, r); err != nil {
			return fmt.Errorf("kill of a leader: %w", err)
		}
		rest(ctx, o.pause)
	}
	for range o.restarts {
		for _, i := range chance.Perm(len(c.Agents)) {
			if err := c.restart(ctx, c.Agents[i]); err != nil {
				return fmt.Errorf("restart of %s: %w", c.Agents[i].Name, err)
			}
			r.Restarts++
			rest(ctx, o.pause)
		}
	}
	for range o.deaths {
		if err := c.killClient(ctx, r); err != nil {
			return fmt.Errorf("death of a client: %w", err)
		}
		rest(ctx, o.pause)
	}
	for range o.outages {
		if err := c.killServers(ctx, o.pause); err != nil {
			return fmt.Errorf("outage of all servers: %w", err)
		}
		r.Outages++
		rest(ctx, o.pause)
	}
	return ctx.Err()
}

func rest(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
