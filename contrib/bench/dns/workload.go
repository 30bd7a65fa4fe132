//go:build linux

package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"muster/contrib/bench/names"
)

// The catalogs that are served.
var (
	small = names.Set{Services: 1000, Each: 3, Nodes: 100}
	large = names.Set{Services: 10000, Each: 10, Nodes: 1000}
)

// workload is one way to ask. Every server is asked in every workload unless only says otherwise.
type workload struct {
	name  string
	about string
	set   names.Set
	// questions are lines of dnsperf's input; it reads them over and over.
	questions func(names.Set) []string
	// records is how many answer records a right answer has.
	records int
	tcp     bool
	only    []string // servers; nil: all
	// variants are the ways in which each server is measured; the zero variant is full load.
	variants []variant
}

// variant is what goes on beside, or in place of, full load.
type variant struct {
	label string
	only  []string // servers; nil: those of the workload
	churn bool     // the catalog changes meanwhile
	idle  bool     // nobody asks
	half  bool     // dnsperf sends half of what the server last took; latency is sampled
}

// workloads is the table of everything this program measures.
func workloads() []*workload {
	full := []variant{{}}
	return []*workload{
		{name: "a1k", about: "1,000 names, 3 A each", set: small, questions: inTurn("A"), records: 3,
			variants: []variant{{}, {label: "half load", half: true}}},
		{name: "a100k", about: "10,000 names at random, 10 A each (100,000 instances)", set: large, questions: atRandom("A"), records: 10,
			variants: []variant{{}, {label: "half load", half: true}}},
		{name: "srv", about: "1,000 names, 3 SRV each with their A (NSD leaves those out: it adds NS to every answer or no addresses to any)", set: small, questions: inTurn("SRV"), records: 3, variants: full},
		{name: "nxdomain", about: "random unknown names", set: small, questions: unknown, variants: full},
		{name: "tcp", about: "1,000 names, 3 A each, over TCP", set: small, questions: inTurn("A"), records: 3, tcp: true, variants: full},
		{name: "churn", about: "a1k while the catalog changes", set: small, questions: inTurn("A"), records: 3, only: []string{"echo", "muster"},
			variants: []variant{
				{},
				{label: "churn", only: []string{"muster"}, churn: true},
				{label: "churn alone", only: []string{"muster"}, churn: true, idle: true},
			}},
	}
}

func workloadNames() []string {
	var all []string
	for _, w := range workloads() {
		all = append(all, w.name)
	}
	return all
}

// findWorkloads returns the workloads of a comma-separated list.
func findWorkloads(list string) ([]*workload, error) {
	var found []*workload
	for name := range strings.SplitSeq(list, ",") {
		at := slices.IndexFunc(workloads(), func(w *workload) bool { return w.name == name })
		if at < 0 {
			return nil, fmt.Errorf("workload %q is none of %s", name, strings.Join(workloadNames(), ", "))
		}
		found = append(found, workloads()[at])
	}
	return found, nil
}

// setsOf returns the catalogs that workloads need, each once.
func setsOf(ws []*workload) []names.Set {
	var sets []names.Set
	for _, w := range ws {
		if !slices.Contains(sets, w.set) {
			sets = append(sets, w.set)
		}
	}
	return sets
}

// has reports whether a server takes part in a variant of the workload.
func (w *workload) has(v variant, server string) bool {
	return (w.only == nil || slices.Contains(w.only, server)) && (v.only == nil || slices.Contains(v.only, server))
}

func inTurn(qtype string) func(names.Set) []string {
	return func(set names.Set) []string {
		lines := make([]string, set.Services)
		for i := range lines {
			lines[i] = set.QName(i) + " " + qtype
		}
		return lines
	}
}

// atRandom asks twenty times as often as there are names; the seed is fixed, so
// that all servers are asked the same.
func atRandom(qtype string) func(names.Set) []string {
	return func(set names.Set) []string {
		dice := rand.New(rand.NewPCG(1, 2))
		lines := make([]string, 20*set.Services)
		for i := range lines {
			lines[i] = set.QName(dice.IntN(set.Services)) + " " + qtype
		}
		return lines
	}
}

// unknown is long enough for no name to come twice within a few seconds.
func unknown(names.Set) []string {
	dice := rand.New(rand.NewPCG(3, 4))
	lines := make([]string, 1_000_000)
	for i := range lines {
		lines[i] = fmt.Sprintf("no-%016x.service.%s A", dice.Uint64(), names.Domain)
	}
	return lines
}

// write puts lines into a file of dir and returns its path.
func write(dir, name string, lines []string) (string, error) {
	path := filepath.Join(dir, name)
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	defer f.Close() // after an error; the Close that counts is below
	out := bufio.NewWriter(f)
	for _, line := range lines {
		fmt.Fprintln(out, line)
	}
	if err := out.Flush(); err != nil {
		return "", err
	}
	return path, f.Close()
}
