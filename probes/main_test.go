package probes

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"muster/catalog"
	"muster/metrics"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// said is one report a Runner made.
type said struct {
	id     string
	status catalog.Status
	output string
	seen   time.Time
}

// owner takes reports. refuse, if set, is what it answers.
type owner struct {
	mu      sync.Mutex
	reports []said
	refuse  error
}

func (o *owner) report(id string, s catalog.Status, output string, seen time.Time) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.reports = append(o.reports, said{id, s, output, seen})
	return o.refuse
}

func (o *owner) setRefuse(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.refuse = err
}

// take returns the reports since the last call.
func (o *owner) take() []said {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := o.reports
	o.reports = nil
	return out
}

// statuses returns the statuses reported since the last call of take or statuses, as "passing critical".
func (o *owner) statuses() string {
	var out string
	for i, s := range o.take() {
		if i > 0 {
			out += " "
		}
		out += string(s.status)
	}
	return out
}

// newRunner returns a Runner that ends with the test. state may be nil.
func newRunner(t *testing.T, o *owner, state *catalog.State, change func(*Config)) *Runner {
	t.Helper()
	if state == nil {
		state = catalog.New()
	}
	cfg := Config{
		Report: o.report, Snapshot: state.Snapshot, Node: "n1",
		Logger:  slog.New(slog.DiscardHandler),
		Metrics: metrics.New(metrics.Build{}).Checks,
	}
	if change != nil {
		change(&cfg)
	}
	r := New(cfg)
	t.Cleanup(r.Close)
	return r
}

// pretend makes p the probe of all tcp checks.
func (r *Runner) pretend(p probe) {
	r.kinds[catalog.KindTCP] = atIntervals(10*time.Second, sharesNothing(p))
}

// tcpCheck is a definition for a pretended probe.
func tcpCheck(id string, interval time.Duration) catalog.CheckDefinition {
	return catalog.CheckDefinition{ID: id, Name: id, TCP: "127.0.0.1:1", Interval: interval}
}

// pass lets time go by in a synctest bubble, and what is due happen.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// lookOnce runs one probe as the schedule would.
func lookOnce(t *testing.T, open opener, def catalog.CheckDefinition, timeout time.Duration) Result {
	t.Helper()
	look, done := open(&def, newBudget(10, nil))
	defer done()
	ctx, cancel := context.WithTimeoutCause(t.Context(), timeout, fmt.Errorf("no answer within %v", timeout))
	defer cancel()
	return look(ctx, &def)
}

// eventually fails the test unless ok becomes true.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("still not so: %s", what)
		}
	}
}
