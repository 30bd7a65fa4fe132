package compat

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"
)

// flow is one documented use of the client, as it runs against one agent.
type flow struct {
	*testing.T
	*api.Client
	agent  *agent
	prefix string // of keys and ids that no other flow uses
}

// flows runs each flow against the server that is alone, and through the client
// agent of the cluster, many at once.
func flows(t *testing.T, table map[string]func(*flow)) {
	t.Helper()
	for _, a := range []*agent{theWorld.single, theWorld.client} {
		for name, play := range table {
			t.Run(a.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				play(newFlow(t, a))
			})
		}
	}
}

func newFlow(t *testing.T, a *agent) *flow {
	t.Helper()
	tally.flow()
	c, err := a.newClient(&recorder{http.DefaultTransport})
	if err != nil {
		t.Fatal(err)
	}
	return &flow{T: t, Client: c, agent: a, prefix: strings.NewReplacer("/", "-", "_", "-", ",", "").Replace(strings.ToLower(t.Name()))}
}

// key is a name that no other flow uses.
func (f *flow) key(name string) string { return f.prefix + "-" + name }

// ok ends the flow when a call failed.
func (f *flow) ok(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

// is compares a decoded value as a whole.
func (f *flow) is(what string, got, want any) {
	f.Helper()
	if !reflect.DeepEqual(got, want) {
		f.Errorf("%s: got  %+v\nwant %+v", what, got, want)
	}
}

// fails wants a call to have failed with a status and a text that begins so.
func (f *flow) fails(what string, err error, status int, text string) {
	f.Helper()
	var said api.StatusError
	switch {
	case err == nil:
		f.Errorf("%s: no error, want %d %s", what, status, text)
	case !errors.As(err, &said):
		f.Errorf("%s: %v, want a StatusError of %d", what, err, status)
	case said.Code != status || !strings.HasPrefix(said.Body, text):
		f.Errorf("%s: %d %q, want %d %q", what, said.Code, said.Body, status, text)
	}
}

// says wants a call to have failed with a text, where the client drops the status.
func (f *flow) says(what string, err error, text string) {
	f.Helper()
	if err == nil || !strings.Contains(err.Error(), text) {
		f.Errorf("%s: %v, want %q", what, err, text)
	}
}

// until repeats a look until it finds what it wants.
func (f *flow) until(what string, found func() bool) {
	f.Helper()
	for deadline := time.Now().Add(30 * time.Second); !found(); <-time.After(25 * time.Millisecond) {
		if time.Now().After(deadline) {
			f.Fatalf("%s: not within 30 s", what)
		}
	}
}

// pick names the fields of decoded values that a flow compares, in the manner of a table.
func pick[T any](rows []T, field func(T) string) []string {
	out := make([]string, 0, len(rows))
	for _, row := range rows {
		out = append(out, field(row))
	}
	return out
}

// recorder counts what the client sends.
type recorder struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (r *recorder) RoundTrip(q *http.Request) (*http.Response, error) {
	tally.call(q)
	return r.RoundTripper.RoundTrip(q)
}

// counters of the whole run.
type counters struct {
	mu        sync.Mutex
	flows     int
	calls     int
	endpoints map[string]int
}

var tally = &counters{endpoints: map[string]int{}}

func (c *counters) flow() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flows++
}

// call counts an endpoint by its method and the words of its path that are no names.
func (c *counters) call(q *http.Request) {
	words := strings.SplitN(strings.TrimPrefix(q.URL.Path, "/v1/"), "/", 4)
	group := words[0]
	switch {
	case group == "kv" || group == "txn" || group == "snapshot":
	case group == "agent" && len(words) > 2 && (words[1] == "service" || words[1] == "check" || words[1] == "health"):
		group = strings.Join(words[:3], "/")
	case group == "operator" && len(words) > 2:
		group = strings.Join(words[:3], "/")
	case len(words) > 1:
		group = strings.Join(words[:2], "/")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	c.endpoints[q.Method+" "+group]++
}

func (c *counters) print(w io.Writer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, _ = fmt.Fprintf(w, "official client: %d flows, %d calls to %d endpoints\n", c.flows, c.calls, len(c.endpoints))
}
