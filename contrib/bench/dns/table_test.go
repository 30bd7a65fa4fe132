//go:build linux

package main

import (
	"slices"
	"strings"
	"testing"

	"muster/contrib/bench/names"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 2, 9}, 3}} {
		if got := median(c.values); got != c.want {
			t.Errorf("median of %v is %v, want %v", c.values, got, c.want)
		}
	}
}

// rounds makes the figures of one server in each round.
func rounds(workload, variant, server string, cpu ...float64) []measurement {
	var all []measurement
	for i, c := range cpu {
		all = append(all, measurement{Workload: workload, Variant: variant, Server: server, Round: i + 1, CPU: c, QPS: 1000 / c})
	}
	return all
}

func TestRatiosComparePerRound(t *testing.T) {
	// Round 2 was disturbed for both: medians of the absolute figures would say 2.
	all := slices.Concat(rounds("a1k", "", "echo", 1, 10, 2), rounds("a1k", "", "muster", 1.1, 11, 4))
	if got := pick(all, "a1k", "", "muster").ratio(pick(all, "a1k", "", "echo"), cpuOf); got < 1.099 || got > 1.101 {
		t.Errorf("ratio %v, want 1.1", got)
	}
}

func TestVerdicts(t *testing.T) {
	all := slices.Concat(rounds("a1k", "", "echo", 2), rounds("a1k", "", "muster", 2.2),
		rounds("a1k", "", "knot", 2.3), rounds("a1k", "", "nsd", 4))
	got := strings.Join(verdicts(all), "\n")
	for _, want := range []string{
		"reached: a1k: muster 1.10x CPU per query of echo",
		"MISSED: a1k: muster 0.96x CPU per query of knot",
		"reached: a1k: muster 0.55x CPU per query of nsd",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("verdicts lack %q:\n%s", want, got)
		}
	}
	if strings.Contains(got, "a100k") {
		t.Errorf("a verdict on what was not measured:\n%s", got)
	}
}

func TestTableHasARowForEachServer(t *testing.T) {
	ws, err := findWorkloads("churn")
	if err != nil {
		t.Fatal(err)
	}
	all := slices.Concat(rounds("churn", "", "echo", 2), rounds("churn", "", "muster", 3),
		rounds("churn", "churn", "muster", 4), rounds("churn", "churn alone", "muster", 500))
	var out strings.Builder
	if err := printTable(&out, ws, all); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"echo", "3.00", "1.50", "churn, churn", "2.00", "500/change"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("table lacks %q:\n%s", want, &out)
		}
	}
}

func TestWorkloads(t *testing.T) {
	if _, err := findWorkloads("a1k,a2k"); err == nil {
		t.Error("a2k is no workload")
	}
	set := names.Set{Services: 50, Each: 2, Nodes: 5}
	for _, w := range workloads() {
		lines := w.questions(set)
		if len(lines) == 0 {
			t.Errorf("%s asks nothing", w.name)
		}
		name, qtype, _ := strings.Cut(lines[0], " ")
		if _, err := pack(1, name, qtype); err != nil {
			t.Errorf("%s: %v", w.name, err)
		}
		if w.records > 0 && w.records != w.set.Each {
			t.Errorf("%s wants %d records of services with %d instances", w.name, w.records, w.set.Each)
		}
	}
}

func TestZoneHoldsTheSet(t *testing.T) {
	zone := zoneFile(names.Set{Services: 2, Each: 1, Nodes: 1})
	for _, want := range []string{
		"svc-00000.service.consul. A 10.0.0.1",
		"svc-00001.service.consul. SRV 1 1 8080 0a000002.addr.dc1.consul.",
		"0a000002.addr.dc1.consul. A 10.0.0.2",
	} {
		if !slices.Contains(zone, want) {
			t.Errorf("zone lacks %q: %q", want, zone)
		}
	}
	if len(zone) != 4+2*3 {
		t.Errorf("zone has %d lines", len(zone))
	}
}
