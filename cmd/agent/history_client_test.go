package agent

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"muster/catalog"
)

const (
	// historyKeys are in use at a time. A quarter of them is written by cas alone, and
	// every other request goes to the hottest few.
	historyKeys, chainKeys, hotKeys = 64, 16, 8
	// generation is how long the same keys are in use. It keeps the history of each short.
	generation = 10 * time.Second
)

// recorder is a history in the making.
type recorder struct {
	began   time.Time
	values  atomic.Int64 // so many values were made up
	odd     sync.Map     // answers that no client should get
	clients []*historyClient
}

// historyClient makes one request after the other of one agent, and writes down what became of them.
type historyClient struct {
	*recorder
	id    int
	agent string
	door  func() string // the URL of the agent's HTTP API; "" while it is down
	http  *http.Client
	rng   *rand.Rand
	reads bool // it never writes, so no write that must wait keeps it from reading
	ops   []*operation
	knows map[string]version // what it last saw of each key
}

func newRecorder() *recorder { return &recorder{began: time.Now()} }

// client adds a client. via is how its requests travel.
func (r *recorder) client(seed uint64, agent string, door func() string, via http.RoundTripper) *historyClient {
	c := &historyClient{
		recorder: r, id: len(r.clients), agent: agent, door: door, http: &http.Client{Transport: via},
		rng: rand.New(rand.NewPCG(seed, uint64(len(r.clients)))), knows: map[string]version{},
	}
	r.clients = append(r.clients, c)
	return c
}

// operations returns all of them in the order of their calls.
func (r *recorder) operations() (ops []*operation) {
	for _, c := range r.clients {
		ops = append(ops, c.ops...)
	}
	slices.SortFunc(ops, func(a, b *operation) int { return cmp.Compare(a.call, b.call) })
	return ops
}

func keyOf(gen, n int) string { return fmt.Sprintf("history/%d/%d", gen, n) }

// isChain reports whether a key is written by cas alone.
func isChain(key string) bool {
	n, err := strconv.Atoi(key[strings.LastIndexByte(key, '/')+1:])
	return err == nil && n%4 == 0
}

// act makes the client's next request, of a key of a generation.
func (c *historyClient) act(gen int) {
	n := c.rng.IntN(historyKeys)
	if c.rng.IntN(2) == 0 {
		n = c.rng.IntN(hotKeys)
	}
	key := keyOf(gen, n)
	o := &operation{act: readConsistent, key: key}
	dice := c.rng.IntN(100)
	switch {
	case dice < 22 || c.reads && dice%2 == 0:
	case dice < 45 || c.reads:
		o.act = readDefault
	case isChain(key) || dice < 65:
		// Mostly what is there now; else, as a client that was away for a while has it.
		if _, ok := c.knows[key]; !ok || c.rng.IntN(4) > 0 {
			c.do(&operation{act: []act{readConsistent, readDefault}[c.rng.IntN(2)], key: key})
		}
		base, ok := c.knows[key]
		if !ok {
			return
		}
		o.act, o.base, o.value = casKey, base, c.unique()
	case dice < 96:
		o.act, o.value = setKey, c.unique()
	default:
		o.act = removeKey
	}
	c.do(o)
}

func (c *historyClient) unique() string { return strconv.FormatInt(c.values.Add(1), 36) }

// since is the time of the history.
func (r *recorder) since() int64 { return time.Since(r.began).Nanoseconds() }

// do makes a request and writes down what became of it, unless there was nobody to ask.
func (c *historyClient) do(o *operation) {
	method, query := http.MethodGet, ""
	switch o.act {
	case readConsistent:
		query = "?consistent"
	case setKey:
		method = http.MethodPut
	case casKey:
		method, query = http.MethodPut, "?cas="+strconv.FormatUint(o.base.index, 10)
	case removeKey:
		method = http.MethodDelete
	}
	door := c.door()
	if door == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.patience(o.act))
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, door+"/v1/kv/"+o.key+query, strings.NewReader(o.value))
	if err != nil {
		panic(err) // the parts are known
	}
	o.client, o.agent, o.outcome = c.id, c.agent, unknown
	o.call = c.since()
	status, body, err := c.send(req)
	o.ret = c.since()
	if errors.Is(err, syscall.ECONNREFUSED) {
		return
	}
	if err == nil {
		c.learn(o, status, body)
	}
	if o.act.reads() && o.outcome == unknown {
		o.outcome = nothing
	}
	c.ops = append(c.ops, o)
}

// patience is how long the client waits. Now and then it goes away in the midst of a write.
func (c *historyClient) patience(a act) time.Duration {
	if !a.reads() && c.rng.IntN(200) == 0 {
		return time.Duration(c.rng.IntN(5000)) * time.Microsecond
	}
	return 5 * time.Second
}

func (c *historyClient) send(req *http.Request) (int, string, error) {
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}

// learn takes down an answer.
func (c *historyClient) learn(o *operation, status int, body string) {
	var pairs []struct {
		Value       []byte
		ModifyIndex uint64
	}
	switch {
	case o.act.reads() && status == http.StatusNotFound && body == "":
		o.outcome = done
	case o.act.reads() && status == http.StatusOK && json.Unmarshal([]byte(body), &pairs) == nil && len(pairs) == 1:
		o.outcome, o.saw = done, version{string(pairs[0].Value), pairs[0].ModifyIndex}
	case !o.act.reads() && status == http.StatusOK && (body == "true" || o.act == casKey && body == "false"):
		o.outcome, o.ok = done, body == "true"
	case status == http.StatusServiceUnavailable && !o.act.reads() && strings.Contains(body, catalog.ErrNothingWritten.Error()):
		o.outcome = nothing
	case status == http.StatusServiceUnavailable:
	default:
		c.odd.Store(fmt.Sprintf("%s %s: %d %q", o.agent, o.act, status, body), true)
	}
	if o.act.reads() && o.outcome == done {
		c.knows[o.key] = o.saw
	}
}

// work makes requests until ctx ends.
func (c *historyClient) work(ctx context.Context) {
	for ctx.Err() == nil {
		c.act(int(time.Since(c.began) / generation))
		rest(ctx, time.Duration(c.rng.IntN(12))*time.Millisecond)
	}
	c.http.CloseIdleConnections()
}

// audit reads every key of a generation once more, each at the next client's agent:
// what was acknowledged is there.
func (r *recorder) audit(t *testing.T, gen int) {
	t.Helper()
	for n := range historyKeys {
		c := r.clients[(gen+n)%len(r.clients)]
		o := &operation{act: readConsistent, key: keyOf(gen, n)}
		if c.do(o); o.outcome != done {
			t.Errorf("%s cannot be read at %s when all is calm", o.key, c.agent)
		}
	}
	for _, c := range r.clients {
		c.http.CloseIdleConnections()
	}
}
