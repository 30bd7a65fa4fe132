//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"muster/contrib/bench/names"
)

// measurement is one figure of one round.
type measurement struct {
	Workload string  `json:"workload"`
	Variant  string  `json:"variant,omitempty"`
	Server   string  `json:"server"`
	Round    int     `json:"round"`
	Queries  int     `json:"queries"`
	Lost     int     `json:"lost"`
	QPS      float64 `json:"qps"`
	CPU      float64 `json:"cpu_us"` // server's, per query; per change when nobody asks
	Busy     float64 `json:"busy"`   // share of the server's core
	Bytes    int     `json:"bytes"`  // of the average response
	Changes  float64 `json:"changes_per_second,omitempty"`
	P50      float64 `json:"p50_us,omitempty"`
	P99      float64 `json:"p99_us,omitempty"`
	Samples  int     `json:"latency_samples,omitempty"`
}

// measureSet starts the servers with one catalog and goes through its workloads.
func measureSet(ctx context.Context, o options, set names.Set) (all []measurement, err error) {
	fmt.Fprintf(os.Stderr, "starting servers with %d instances of %d services\n", set.Len(), set.Services)
	servers, err := startAll(ctx, o, set)
	defer func() {
		for _, s := range servers {
			s.stop()
		}
	}()
	if err != nil {
		return nil, err
	}
	for _, w := range o.workloads {
		if w.set != set {
			continue
		}
		found, err := measureWorkload(ctx, o, w, servers)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// warmUp is how long each server is asked before a workload's figures are taken,
// long enough for a cache to have seen every name.
const warmUp = 2 * time.Second

// measureWorkload runs the rounds of one workload. Within a round the servers
// take turns, so that a disturbance of the machine seldom hits one alone.
func measureWorkload(ctx context.Context, o options, w *workload, servers []*server) ([]measurement, error) {
	lines := w.questions(w.set)
	file, err := write(o.dir, w.name+".questions", lines)
	if err != nil {
		return nil, err
	}
	for _, s := range servers {
		if err := w.verify(s, lines); err != nil {
			return nil, err
		}
		if _, err := runDnsperf(ctx, s, file, warmUp, 0, w.tcp); err != nil {
			return nil, err
		}
	}
	var all []measurement
	for round := range o.rounds {
		full := map[string]float64{} // queries per second of each server under full load
		for _, v := range w.variants {
			for _, s := range servers {
				if !w.has(v, s.name) {
					continue
				}
				t := turn{o: o, w: w, v: v, s: s, file: file, lines: lines}
				if v.half {
					t.rate = int(full[s.name] / 2)
				}
				m, err := t.measure(ctx)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", w.name, err)
				}
				m.Round = round + 1
				if v.label == "" {
					full[s.name] = m.QPS
				}
				fmt.Fprintf(os.Stderr, "%s round %d: %s %s: %.2f us, %.0f queries/s\n", w.name, m.Round, s.name, v.label, m.CPU, m.QPS)
				if err := o.record(m); err != nil {
					return nil, err
				}
				all = append(all, m)
			}
		}
	}
	return all, nil
}
