//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"sync"
	"time"

	"muster/contrib/percentile"
)

// turn is one server's turn in a round.
type turn struct {
	o     options
	w     *workload
	v     variant
	s     *server
	file  string   // the questions
	lines []string // the same
	rate  int      // questions a second; 0: as many as it takes
}

// measure loads the server for a period, in the way the variant says, and
// compares its CPU time before and after.
func (t *turn) measure(ctx context.Context) (measurement, error) {
	before, err := groupCPU(t.s.cmd.Process.Pid)
	if err != nil {
		return measurement{}, fmt.Errorf("%s: %w", t.s.name, err)
	}
	began := time.Now()
	m := measurement{Workload: t.w.name, Variant: t.v.label, Server: t.s.name}
	if err := t.load(ctx, &m); err != nil {
		return m, err
	}
	took := time.Since(began)
	after, err := groupCPU(t.s.cmd.Process.Pid)
	if err != nil {
		return m, fmt.Errorf("%s: %w", t.s.name, err)
	}
	used := after - before
	m.Busy = used.Seconds() / took.Seconds()
	units := float64(m.Queries)
	if t.v.idle {
		units = m.Changes * took.Seconds()
	}
	m.CPU = float64(used.Microseconds()) / units
	return m, nil
}

// load runs what the variant asks for, all at once, and fills in what it found.
func (t *turn) load(ctx context.Context, m *measurement) error {
	var all sync.WaitGroup
	var errs [3]error
	if t.v.churn {
		all.Go(func() { m.Changes, errs[0] = t.churn(ctx) })
	}
	if t.v.half {
		all.Go(func() { errs[1] = t.sample(ctx, m) })
	}
	if !t.v.idle {
		all.Go(func() { errs[2] = t.ask(ctx, m) })
	}
	all.Wait()
	return errors.Join(errs[:]...)
}

// churn changes the catalog during the turn and returns how many changes a second that were.
func (t *turn) churn(ctx context.Context) (float64, error) {
	args := append([]string{"churn", "-for", t.o.period.String(), "-rate", strconv.Itoa(t.o.rate)}, setFlags(t.s, t.w.set)...)
	out, err := exec.CommandContext(ctx, t.o.load, args...).Output()
	if err != nil {
		return 0, fmt.Errorf("churn: %w", err)
	}
	var done struct {
		PerSecond float64 `json:"per_second"`
	}
	if err := json.Unmarshal(out, &done); err != nil {
		return 0, fmt.Errorf("churn: %w", err)
	}
	return done.PerSecond, nil
}

func (t *turn) sample(ctx context.Context, m *measurement) error {
	all, err := sample(ctx, t.s.addr(), t.lines, t.o.period)
	if err != nil {
		return fmt.Errorf("latency of %s: %w", t.s.name, err)
	}
	if len(all) < sampleRate/2 {
		return fmt.Errorf("latency of %s: only %d of the samples were answered", t.s.name, len(all))
	}
	m.Samples = len(all)
	m.P50 = float64(percentile.Of(all, 50).Nanoseconds()) / 1e3
	m.P99 = float64(percentile.Of(all, 99).Nanoseconds()) / 1e3
	return nil
}

// ask runs dnsperf. Any response code but the expected one makes the figure worthless.
func (t *turn) ask(ctx context.Context, m *measurement) error {
	found, err := runDnsperf(ctx, t.s, t.file, t.o.period, t.rate, t.w.tcp)
	if err != nil {
		return err
	}
	expected := "NOERROR"
	if t.w.records == 0 && t.s.name != "echo" {
		expected = "NXDOMAIN"
	}
	if n := found.rcodes[expected]; n != found.completed {
		return fmt.Errorf("%s: %d of %d answers are not %s: %v", t.s.name, found.completed-n, found.completed, expected, found.rcodes)
	}
	m.Queries, m.Lost, m.QPS, m.Bytes = found.completed, found.lost, found.qps, found.bytes
	return nil
}
