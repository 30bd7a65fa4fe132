package agent

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"muster/catalog"
)

// planted is a door in front of an agent with a bug in it.
type planted struct {
	spoil func(p *planted, r *http.Request) (*http.Response, error)

	mu   sync.Mutex
	n    int
	kept map[string]*http.Request
	body map[string][]byte
}

// RoundTrip implements http.RoundTripper.
func (p *planted) RoundTrip(r *http.Request) (*http.Response, error) { return p.spoil(p, r) }

// every reports whether it is called for an nth time.
func (p *planted) every(n int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n++
	return p.n%n == 0
}

func pass(r *http.Request) (*http.Response, error) { return http.DefaultTransport.RoundTrip(r) }

// repeat sends a write once more.
func repeat(r *http.Request) (*http.Response, error) {
	c := r.Clone(context.Background())
	var err error
	if c.Body, err = r.GetBody(); err != nil {
		return nil, err
	}
	return pass(c)
}

// say answers in the place of the agent.
func say(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Body: io.NopCloser(bytes.NewReader([]byte(body)))}
}

// drop reads an answer that nobody gets.
func drop(resp *http.Response, err error) error {
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// bugs are what the checkers must find, with who of them must.
var bugs = []struct {
	name  string
	by    []string
	spoil func(p *planted, r *http.Request) (*http.Response, error)
}{
	{"none", nil, func(_ *planted, r *http.Request) (*http.Response, error) { return pass(r) }},
	{"reads are served from a cache", []string{"order"}, func(p *planted, r *http.Request) (*http.Response, error) {
		resp, err := pass(r)
		if err != nil || r.Method != http.MethodGet || resp.StatusCode != http.StatusOK {
			return resp, err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return nil, err
		}
		stale := p.every(20)
		p.mu.Lock()
		defer p.mu.Unlock()
		if was, ok := p.body[r.URL.Path]; ok && stale {
			return say(http.StatusOK, string(was)), nil
		}
		p.body[r.URL.Path] = body
		return say(http.StatusOK, string(body)), nil
	}},
	{"a cas is applied again when its reply is lost", []string{"order", "facts", "chain"}, func(p *planted, r *http.Request) (*http.Response, error) {
		if !r.URL.Query().Has("cas") || !p.every(10) {
			return pass(r)
		}
		if err := drop(pass(r)); err != nil {
			return nil, err
		}
		return repeat(r)
	}},
	{"a set is applied again behind the next one", []string{"order", "facts"}, func(p *planted, r *http.Request) (*http.Response, error) {
		resp, err := pass(r)
		if r.Method != http.MethodPut || r.URL.RawQuery != "" {
			return resp, err
		}
		keep := p.every(10)
		p.mu.Lock()
		late := p.kept[r.URL.Path]
		delete(p.kept, r.URL.Path)
		if keep {
			p.kept[r.URL.Path] = r
		}
		p.mu.Unlock()
		if late != nil {
			err = drop(repeat(late))
		}
		return resp, err
	}},
	{"a write is acknowledged and forgotten", []string{"order", "chain"}, func(p *planted, r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodPut && p.every(20) {
			return say(http.StatusOK, "true"), nil
		}
		return pass(r)
	}},
	{"a write is said to have failed", []string{"facts"}, func(p *planted, r *http.Request) (*http.Response, error) {
		if r.Method != http.MethodPut || !p.every(10) {
			return pass(r)
		}
		if err := drop(pass(r)); err != nil {
			return nil, err
		}
		return say(http.StatusServiceUnavailable, catalog.ErrNothingWritten.Error()), nil
	}},
}

// TestHistoryFindsPlantedBugs has the very clients of TestHistory talk to a sound
// agent through doors that are not.
func TestHistoryFindsPlantedBugs(t *testing.T) {
	a := startAgent(t, "", nil)
	defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	url := "http://" + a.Agent.http.Addrs()[0].String()
	for gen, bug := range bugs {
		t.Run(bug.name, func(t *testing.T) {
			door := &planted{spoil: bug.spoil, kept: map[string]*http.Request{}, body: map[string][]byte{}}
			r := newRecorder()
			var working sync.WaitGroup
			for range 10 {
				c := r.client(1, "n1", func() string { return url }, door)
				working.Go(func() {
					for range 100 {
						c.act(gen)
					}
				})
			}
			working.Wait()
			r.audit(t, gen)
			found := map[string]bool{}
			ops := r.operations()
			verdict, where := linearize(ops, 0, time.Minute)
			found["order"] = verdict != porcupine.Ok
			facts := contradictions(ops)
			found["facts"] = len(facts) > 0
			_, broken := brokenChains(ops, isChain)
			found["chain"] = len(broken) > 0
			for who, objects := range found {
				if must := slices.Contains(bug.by, who); must && !objects || objects && bug.by == nil {
					t.Errorf("%s objects: %t\n%s\n%q\n%q", who, objects, where, facts, broken)
				}
			}
			t.Logf("%d operations, found by: %v", len(ops), found)
		})
	}
}
