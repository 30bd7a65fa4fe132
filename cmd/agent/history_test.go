package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// clientsPerAgent make requests at the same time.
const clientsPerAgent = 3

// TestHistory has clients of all agents of a cluster read and write the same keys
// while servers and wires fail, and looks for an order in which all they were told makes sense.
// MUSTER_HISTORY is how long they do it, MUSTER_HISTORY_SEED what chance begins with.
func TestHistory(t *testing.T) {
	lasting, seed := historySettings(t)
	report := historyReport{Seed: seed, Operations: map[string]int{}, Verdict: "failed"}
	defer func() { report.print(t) }()
	// Snapshots are made often, so that servers that come back begin with one.
	home := homes(t, rand.New(rand.NewPCG(seed, 2<<32)))
	c := setup{tweak: func(cfg *Config) {
		home(cfg)
		cfg.RaftSnapshotThreshold, cfg.RaftTrailingLogs, cfg.RaftSnapshotInterval = 500, 200, time.Second
	}}.startCluster(t, newTestNetwork(), 3, 2)
	v, r := newAdversary(c, seed), newRecorder()
	ctx, stop := context.WithCancel(t.Context())
	var working sync.WaitGroup
	finish := sync.OnceFunc(func() { stop(); working.Wait() })
	defer finish() // also if the cluster never settles
	for n := range clientsPerAgent {
		for _, a := range c.running() {
			client := r.client(seed, a.name, func() string { return v.door(a.name) }, &http.Transport{})
			client.reads = n == 0
			working.Go(func() { client.work(ctx) })
		}
	}
	v.breakReplies()
	faulty, over := context.WithTimeout(ctx, lasting)
	defer over()
	v.run(faulty, lasting+time.Minute)
	c.net.lose(nil)
	finish()
	c.settled()
	for gen := range int(time.Since(r.began)/generation) + 1 {
		r.audit(t, gen)
	}
	for _, a := range c.running() {
		v.observe(a)
	}
	report.judge(t, v, r)
}

func historySettings(t *testing.T) (lasting time.Duration, seed uint64) {
	t.Helper()
	lasting, seed = 15*time.Second, rand.Uint64()
	var err error
	if text := os.Getenv("MUSTER_HISTORY"); text != "" {
		if lasting, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	if text := os.Getenv("MUSTER_HISTORY_SEED"); text != "" {
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	return lasting, seed
}

// historyReport is the one line that a run leaves.
type historyReport struct {
	Seed       uint64
	Seconds    int
	Clients    int
	Keys       int
	Operations map[string]int // by kind
	Unanswered int            // reads
	Unknown    int            // writes that may or may not have happened
	NotWritten int            // writes of which the agents said so
	Faults     map[string]int
	Broken     int    // connections, with what they brought
	Retried    int    // writes, by agents
	Chained    int    // cas in the chains
	Slowest    string // fault, until all was settled again
	Checked    string
	Verdict    string
}

func (h *historyReport) print(t *testing.T) {
	if !t.Failed() {
		h.Verdict = "passed"
	}
	line, err := json.Marshal(h)
	if err != nil {
		t.Error(err)
	}
	t.Logf("%s", line)
}

// judge holds a history to what was promised, and the run to having put it to the test.
func (h *historyReport) judge(t *testing.T, v *adversary, r *recorder) {
	t.Helper()
	ops := r.operations()
	h.count(v, r, ops)
	links, broken := brokenChains(ops, isChain)
	h.Chained = links
	complain(t, broken)
	lease := time.Duration(0)
	for _, f := range faults {
		if v.happened[f.name] == 0 {
			t.Errorf("it never happened: %s", f.name)
		} else if f.parts {
			lease = heartbeatTimeout * 4 / 5
		}
	}
	if h.Keys < 50 || h.Clients < 10 || h.Broken == 0 || h.Retried == 0 || h.Unknown == 0 || h.Chained == 0 {
		t.Error("the run means nothing: something is zero, or too small, that must not be")
	}
	r.odd.Range(func(what, _ any) bool { t.Errorf("an answer that no client should get: %s", what); return true })
	complain(t, contradictions(ops))
	began := time.Now()
	verdict, where := linearize(ops, lease, 2*time.Minute)
	h.Checked = fmt.Sprintf("%s in %v", verdict, time.Since(began).Round(time.Millisecond))
	if verdict != porcupine.Ok {
		t.Errorf("no order of operations explains the history: %s\n%s", verdict, where)
	}
}

// complain reports the first of many.
func complain(t *testing.T, faults []string) {
	t.Helper()
	for i, what := range faults {
		if i == 10 {
			t.Errorf("and %d more", len(faults)-i)
			return
		}
		t.Error(what)
	}
}

func (h *historyReport) count(v *adversary, r *recorder, ops []*operation) {
	keys := map[string]bool{}
	for _, o := range ops {
		h.Operations[string(o.act)]++
		keys[o.key] = true
		switch {
		case o.act.reads() && o.outcome == nothing:
			h.Unanswered++
		case o.outcome == nothing:
			h.NotWritten++
		case o.outcome == unknown:
			h.Unknown++
		}
	}
	h.Seconds, h.Clients, h.Keys = int(time.Since(r.began).Seconds()), len(r.clients), len(keys)
	h.Faults, h.Broken, h.Retried, h.Slowest = v.happened, v.broken, v.retried, v.slowest
}
