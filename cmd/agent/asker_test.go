package agent

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"muster/dns"
)

// ask puts a question for addresses to this agent and returns the reply, or why it is not what a client can use.
func (a *testAgent) ask(ctx context.Context, name string) (*dns.Reply, error) {
	r, err := dns.Query(ctx, a.DNSAddrs()[0].String(), name, "A", dns.ClientOptions{})
	if err != nil {
		return nil, err
	}
	if r.Rcode != "NOERROR" || len(r.Answer) == 0 {
		return r, fmt.Errorf("%s with %d answers, %v", r.Rcode, len(r.Answer), r.EDNS.Errors)
	}
	return r, nil
}

// extended returns the codes of a reply's extended errors, in words.
func extended(r *dns.Reply) string {
	var out []string
	if r != nil && r.EDNS != nil {
		for _, e := range r.EDNS.Errors {
			out = append(out, fmt.Sprint(e.Code))
		}
	}
	return strings.Join(out, " ")
}

// asker asks agents for a name over and over, and keeps what went wrong.
type asker struct {
	t    *testing.T
	name string
	on   map[string]func() // by agent: ends the asking

	mu     sync.Mutex
	asked  map[string]int
	failed []string
}

func newAsker(t *testing.T, name string) *asker {
	return &asker{t: t, name: name, on: map[string]func(){}, asked: map[string]int{}}
}

// begin asks an agent from now on until stop.
func (q *asker) begin(agents ...*testAgent) {
	for _, a := range agents {
		ctx, cancel := context.WithCancel(context.Background())
		var asking sync.WaitGroup
		asking.Go(func() {
			for ctx.Err() == nil {
				q.once(ctx, a)
				rest(ctx, 2*time.Millisecond)
			}
		})
		end := func() { cancel(); asking.Wait() }
		q.on[a.name] = end
		q.t.Cleanup(end)
	}
}

func (q *asker) once(ctx context.Context, a *testAgent) {
	_, err := a.ask(ctx, q.name)
	if ctx.Err() != nil {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.asked[a.name]++
	if err != nil {
		q.failed = append(q.failed, a.name+": "+err.Error())
	}
}

// end stops asking an agent, which is about to go.
func (q *asker) end(agents ...*testAgent) {
	for _, a := range agents {
		q.on[a.name]()
		delete(q.on, a.name)
	}
}

// count is how many questions an agent was asked.
func (q *asker) count(name string) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.asked[name]
}

// more waits until each agent was asked some more.
func (q *asker) more(agents ...*testAgent) {
	q.t.Helper()
	for _, a := range agents {
		before := q.count(a.name)
		q.wait(func() bool { return q.count(a.name) >= before+20 }, a.name)
	}
}

func (q *asker) wait(done func() bool, who string) {
	q.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); <-time.After(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			q.t.Fatalf("%s is not asked", who)
		}
	}
}

// verdict ends the asking. Not one question may have failed.
func (q *asker) verdict() {
	q.t.Helper()
	for _, end := range q.on {
		end()
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	total := 0
	for _, n := range q.asked {
		total += n
	}
	q.t.Logf("%d questions, %d failed", total, len(q.failed))
	if total == 0 {
		q.t.Error("nobody was asked")
	}
	const told = 20
	for _, f := range q.failed[:min(told, len(q.failed))] {
		q.t.Error(f)
	}
}
