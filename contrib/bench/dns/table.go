//go:build linux

package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// series are the measurements of one row of the table, one per round.
type series []measurement

// pick returns the rounds of one workload, variant and server.
func pick(all []measurement, workload, variant, server string) series {
	var s series
	for _, m := range all {
		if m.Workload == workload && m.Variant == variant && m.Server == server {
			s = append(s, m)
		}
	}
	return s
}

func (s series) median(of func(measurement) float64) float64 {
	values := make([]float64, len(s))
	for i, m := range s {
		values[i] = of(m)
	}
	return median(values)
}

// ratio returns the median of what the rounds say by themselves: server and
// yardstick were measured moments apart there.
func (s series) ratio(yardstick series, of func(measurement) float64) float64 {
	var values []float64
	for _, m := range s {
		for _, y := range yardstick {
			if y.Round == m.Round && of(y) > 0 {
				values = append(values, of(m)/of(y))
			}
		}
	}
	return median(values)
}

// median returns the middle of a list, 0 of an empty one.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	v := slices.Sorted(slices.Values(values))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

func cpuOf(m measurement) float64 { return m.CPU }
func qpsOf(m measurement) float64 { return m.QPS }
func p99Of(m measurement) float64 { return m.P99 }

// printTable prints the medians of all workloads, and how muster stands against what is wanted.
func printTable(to io.Writer, workloads []*workload, all []measurement) error {
	out := tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(out, "workload\tserver\tus/query\tof echo\tqueries/s\tof echo\tbusy\toctets\tlost\tp50 us\tp99 us\t\n")
	for _, w := range workloads {
		for _, v := range w.variants {
			yardstick := pick(all, w.name, v.label, "echo")
			if len(yardstick) == 0 {
				yardstick = pick(all, w.name, "", "echo")
			}
			for _, server := range []string{"echo", "muster", "knot", "nsd"} {
				if s := pick(all, w.name, v.label, server); len(s) > 0 {
					s.print(out, w.name+suffix(v.label), yardstick, v.idle)
				}
			}
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	for _, w := range workloads {
		fmt.Fprintf(to, "%s: %s\n", w.name, w.about)
	}
	for _, line := range verdicts(all) {
		fmt.Fprintln(to, line)
	}
	return nil
}

func suffix(label string) string {
	if label == "" {
		return ""
	}
	return ", " + label
}

// print writes one row. Without questions there is only the CPU time of a change.
func (s series) print(out io.Writer, name string, yardstick series, idle bool) {
	if idle {
		fmt.Fprintf(out, "%s\t%s\t%.0f/change\t\t\t\t%.0f%%\t\t\t\t\t\n", name, s[0].Server, s.median(cpuOf), 100*s.median(func(m measurement) float64 { return m.Busy }))
		return
	}
	fmt.Fprintf(out, "%s\t%s\t%.2f\t%.2f\t%.0f\t%.2f\t%.0f%%\t%d\t%.0f\t", name, s[0].Server,
		s.median(cpuOf), s.ratio(yardstick, cpuOf), s.median(qpsOf), s.ratio(yardstick, qpsOf),
		100*s.median(func(m measurement) float64 { return m.Busy }), s[0].Bytes,
		s.median(func(m measurement) float64 { return float64(m.Lost) }))
	if s[0].Samples > 0 {
		fmt.Fprintf(out, "%.0f\t%.0f\t\n", s.median(func(m measurement) float64 { return m.P50 }), s.median(p99Of))
	} else {
		fmt.Fprint(out, "\t\t\n")
	}
}

// wanted are the figures muster is held to.
var wanted = []struct {
	workload, variant, than string
	of                      func(measurement) float64
	most                    float64
	unit                    string
}{
	{"a1k", "", "echo", cpuOf, 1.15, "x CPU per query"},
	{"a1k", "", "knot", cpuOf, 0.9, "x CPU per query"},
	{"a1k", "", "nsd", cpuOf, 0.9, "x CPU per query"},
	{"a100k", "", "echo", cpuOf, 1.3, "x CPU per query"},
	{"a100k", "", "knot", cpuOf, 0.9, "x CPU per query"},
	{"a100k", "", "nsd", cpuOf, 0.9, "x CPU per query"},
	{"a1k", "half load", "", p99Of, 500, "us p99"},
	{"a100k", "half load", "", p99Of, 500, "us p99"},
}

// verdicts compares muster with what is wanted, as far as that was measured.
func verdicts(all []measurement) []string {
	var lines []string
	for _, want := range wanted {
		s := pick(all, want.workload, want.variant, "muster")
		if len(s) == 0 {
			continue
		}
		got, of := s.median(want.of), ""
		if want.than != "" {
			got, of = s.ratio(pick(all, want.workload, "", want.than), want.of), " of "+want.than
		}
		verdict := "reached"
		if got > want.most {
			verdict = "MISSED"
		}
		lines = append(lines, fmt.Sprintf("%s: %s%s: muster %.2f%s%s, wanted <= %g", verdict, want.workload, suffix(want.variant), got, want.unit, of, want.most))
	}
	return lines
}
