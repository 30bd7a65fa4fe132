//go:build linux

// Command drop measures how fast an instance that died leaves the answers of a whole
// cluster: real processes, three servers and two clients on addresses of 127.0.0.0/8,
// and twenty instances of one service, each a process, whose checks are spread over the
// agents. It kills one instance at a time and asks every agent's DNS every two
// milliseconds until none shows it. contrib/bench/drop.sh builds and runs it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"muster/contrib/cluster/fleet"
)

type options struct {
	muster, dir, net string
	drops            int
	kinds            []string
	every            time.Duration
	load             int // questions a second
	flips            int // checks
	flipFor          time.Duration
	seed             uint64
	strict           bool
}

// servers and clients are how many agents of each role the cluster has.
const servers, clients = 3, 2

func main() {
	var o options
	kinds, at := "", ""
	flag.StringVar(&o.muster, "muster", "", "the program to measure")
	flag.StringVar(&o.dir, "dir", "", "directory for data and logs, which must be empty")
	flag.StringVar(&o.net, "net", "", "first three numbers of all addresses, such as 127.0.7 (default: left to chance)")
	flag.IntVar(&o.drops, "drops", 200, "how many endpoints of each kind are closed, calm and again under load")
	flag.StringVar(&kinds, "kinds", "interval,hold,pid", "what makes probes look")
	flag.DurationVar(&o.every, "every", 2*time.Millisecond, "time between two questions to one agent")
	flag.IntVar(&o.load, "load", 10000, "further questions a second, spread over the agents; 0: not measured under load")
	flag.IntVar(&o.flips, "flips", 500, "checks that change their status each second; 0: not measured beside flips")
	flag.DurationVar(&o.flipFor, "flip-for", time.Minute, "for how long they do")
	flag.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()), "of what is left to chance")
	flag.BoolVar(&o.strict, "strict", false, "fail when something took longer than wanted (default: that is for people to judge)")
	flag.StringVar(&at, "endpoint", "", "be an endpoint that listens here, and nothing else")
	flag.Parse()
	if at != "" {
		fail(listen(at))
	}
	o.kinds = strings.Split(kinds, ",")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	r := &report{Seed: o.seed, Drops: o.drops}
	err := run(ctx, o, r)
	if err == nil {
		err = r.judge(o.strict)
	}
	r.conclude(err)
	r.print(os.Stdout)
	if err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "drop:", err)
	os.Exit(1)
}

// run measures everything, and fills the report as far as it comes.
func run(ctx context.Context, o options, r *report) (err error) {
	if o.muster == "" || o.dir == "" {
		return errors.New("-muster and -dir are needed")
	}
	for _, k := range o.kinds {
		if checks[k] == nil {
			return fmt.Errorf("-kinds: %q is none of interval, hold, pid", k)
		}
	}
	chance := rand.New(rand.NewPCG(o.seed, 0))
	if o.net == "" {
		o.net = fmt.Sprintf("127.%d.%d", 1+chance.IntN(254), chance.IntN(256)) // two runs must not meet
	}
	c := fleet.New(fleet.Options{Muster: o.muster, Dir: o.dir, Net: o.net, Servers: servers, Clients: clients})
	defer func() {
		if err = errors.Join(err, c.KillAll()); ctx.Err() != nil {
			err = errors.New("interrupted")
		} else if err != nil {
			err = fmt.Errorf("%w (logs are in %s)", err, o.dir)
		}
	}()
	if err := c.Start(ctx); err != nil {
		return err
	}
	b := &bench{Cluster: c, chance: chance, net: o.net, dir: o.dir, every: o.every}
	return b.measure(ctx, o, r)
}

// measure goes through all phases.
func (b *bench) measure(ctx context.Context, o options, r *report) error {
	for _, kind := range o.kinds {
		if err := b.kind(ctx, kind, o, r); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
	}
	if o.flips == 0 {
		return nil
	}
	if err := b.besideFlips(ctx, o, r); err != nil {
		return fmt.Errorf("flips: %w", err)
	}
	return nil
}

// kind measures one kind of check, calm and under load.
func (b *bench) kind(ctx context.Context, kind string, o options, r *report) (err error) {
	s, err := b.open(ctx, kind)
	defer func() { err = errors.Join(err, s.close(context.WithoutCancel(ctx))) }()
	if err != nil {
		return err
	}
	if err := s.drops(ctx, r.row("calm", kind), func(n int) bool { return n < o.drops }); err != nil {
		return err
	}
	if o.load == 0 {
		return nil
	}
	l, err := startLoad(b.Agents, s.name()+".service.consul", o.load)
	if err != nil {
		return err
	}
	row := r.row("load", kind)
	err = s.drops(ctx, row, func(n int) bool { return n < o.drops })
	row.Asked, row.Answered = l.stop()
	return err
}

// besideFlips measures a service while the checks of others flip.
func (b *bench) besideFlips(ctx context.Context, o options, r *report) (err error) {
	s, err := b.open(ctx, "hold")
	defer func() { err = errors.Join(err, s.close(context.WithoutCancel(ctx))) }()
	if err != nil {
		return err
	}
	f, err := b.startFlips(ctx, o.flips)
	if err != nil {
		return err
	}
	defer f.cancel()
	end := time.Now().Add(o.flipFor)
	if err := s.drops(ctx, r.row("flips", "hold"), func(int) bool { return time.Now().Before(end) }); err != nil {
		return err
	}
	r.FlipRate, r.EntryRate, err = f.stop(ctx)
	return err
}

// drops closes endpoints one after the other for as long as more says so.
func (s *service) drops(ctx context.Context, row *row, more func(done int) bool) error {
	before, err := s.own(ctx)
	if err != nil {
		return err
	}
	for n := 0; more(n) && ctx.Err() == nil; n++ {
		d, err := s.drop(ctx, n%instances)
		if err != nil {
			return fmt.Errorf("after %d drops: %w", n, err)
		}
		row.add(d)
	}
	after, err := s.own(ctx)
	row.own(before, after)
	return err
}
