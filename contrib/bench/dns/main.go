//go:build linux

// Command dns measures what muster's DNS costs beside a bare echo, Knot DNS and
// NSD: server CPU per query, queries per second, and latency under half load.
// dns.sh builds what it needs and runs it; start there.
//
// The program itself, and dnsperf with it, runs on the core it was started on;
// each server runs with one worker on the core named by -core. All servers hold
// the same names and stay up for all rounds, idle but for the one being asked.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// options say what to measure, and with which programs.
type options struct {
	workloads []*workload
	period    time.Duration // of one measurement
	rounds    int
	core      string    // CPU of the servers
	dir       string    // for everything that is written
	json      io.Writer // one line per measurement; nil: none
	muster    string    // programs
	echo      string
	load      string
	rate      int // changes a second under churn
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	o, closeJSON, err := parse(args)
	if err != nil {
		return err
	}
	defer closeJSON()
	machine := describeMachine(o)
	fmt.Println(machine)
	if err := o.record(map[string]any{"machine": machine}); err != nil {
		return err
	}
	var all []measurement
	for _, set := range setsOf(o.workloads) {
		found, err := measureSet(ctx, o, set)
		if err != nil {
			return err
		}
		all = append(all, found...)
	}
	return printTable(os.Stdout, o.workloads, all)
}

func parse(args []string) (o options, closeJSON func() error, err error) {
	flags := flag.NewFlagSet("dns.sh", flag.ContinueOnError)
	chosen := flags.String("workloads", strings.Join(workloadNames(), ","), "what to measure, in this order")
	flags.DurationVar(&o.period, "period", 10*time.Second, "length of one measurement")
	quick := flags.Bool("quick", false, "the same as -period 3s")
	flags.IntVar(&o.rounds, "rounds", 3, "measurements of each figure, of which the median counts")
	flags.IntVar(&o.rate, "rate", 200, "catalog changes a second under churn")
	flags.StringVar(&o.core, "core", "0", "CPU of the servers")
	flags.StringVar(&o.dir, "dir", "", "directory for everything that is written")
	flags.StringVar(&o.muster, "muster", "", "the muster program")
	flags.StringVar(&o.echo, "echo", "", "the echo program")
	flags.StringVar(&o.load, "load", "", "the load program")
	path := flags.String("json", "", "file for one JSON line per measurement")
	if err := flags.Parse(args); err != nil {
		return o, nil, err
	}
	if *quick {
		o.period = 3 * time.Second
	}
	if o.dir == "" || o.muster == "" || o.echo == "" || o.load == "" {
		return o, nil, errors.New("-dir, -muster, -echo and -load are needed; dns.sh gives them")
	}
	if o.rounds < 1 || o.rate < 1 || o.period < time.Second {
		return o, nil, errors.New("-rounds and -rate must be at least 1, -period at least 1s")
	}
	if o.workloads, err = findWorkloads(*chosen); err != nil {
		return o, nil, err
	}
	if *path == "" {
		return o, func() error { return nil }, nil
	}
	f, err := os.Create(*path)
	if err != nil {
		return o, nil, err
	}
	o.json = f
	return o, f.Close, nil
}

// record writes one JSON line.
func (o *options) record(v any) error {
	if o.json == nil {
		return nil
	}
	return json.NewEncoder(o.json).Encode(v)
}
