package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// lockBugs are what the judge of lock histories must find, with who of it must.
var lockBugs = []struct {
	name  string
	by    []string
	spoil func(p *planted, r *http.Request) (*http.Response, error)
}{
	{"none", nil, func(_ *planted, r *http.Request) (*http.Response, error) { return pass(r) }},
	{"the lock index does not rise", []string{"index"}, func(_ *planted, r *http.Request) (*http.Response, error) {
		return rewritten(r, func(row map[string]any) { row["LockIndex"] = float64(1) })
	}},
	{"the lock index falls", []string{"index"}, func(_ *planted, r *http.Request) (*http.Response, error) {
		return rewritten(r, func(row map[string]any) { row["LockIndex"] = 1e6 - row["LockIndex"].(float64) })
	}},
	{"a session ends early", []string{"overlap", "early", "sight"}, func(p *planted, r *http.Request) (*http.Response, error) {
		id, renewal := strings.CutPrefix(r.URL.Path, "/v1/session/renew/")
		if !renewal || !p.every(5) {
			return pass(r)
		}
		resp, err := pass(r)
		if err == nil {
			err = drop(pass(aside(r, "/v1/session/destroy/"+id)))
		}
		return resp, err
	}},
	{"a lock is taken from its holder", []string{"overlap", "sight"}, func(p *planted, r *http.Request) (*http.Response, error) {
		resp, err := pass(r)
		session := r.URL.Query().Get("acquire")
		id, renewal := strings.CutPrefix(r.URL.Path, "/v1/session/renew/")
		p.mu.Lock()
		if session != "" {
			p.kept[session] = r
		}
		locked := p.kept[id]
		p.mu.Unlock()
		if renewal && locked != nil && err == nil && p.every(5) {
			err = drop(pass(aside(r, locked.URL.Path+"?release="+id)))
		}
		return resp, err
	}},
	{"two are told that they hold a lock", []string{"early"}, func(p *planted, r *http.Request) (*http.Response, error) {
		resp, err := pass(r)
		if r.URL.Query().Has("acquire") && err == nil && resp.StatusCode == http.StatusOK && p.every(10) {
			if err := drop(resp, nil); err != nil {
				return nil, err
			}
			return say(http.StatusOK, "true"), nil
		}
		return resp, err
	}},
	{"locks know no delay", []string{"overlap"}, func(_ *planted, r *http.Request) (*http.Response, error) {
		if r.URL.Path != "/v1/session/create" {
			return pass(r)
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		c := r.Clone(r.Context())
		body = bytes.ReplaceAll(body, []byte(`"200ms"`), []byte(`"0s"`))
		c.Body, c.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		return pass(c)
	}},
}

// aside is another request to the agent that a request goes to.
func aside(r *http.Request, path string) *http.Request {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPut, "http://"+r.URL.Host+path, nil)
	if err != nil {
		panic(err) // the parts are known
	}
	return req
}

// rewritten passes a request on and changes the rows of the answer to a read.
func rewritten(r *http.Request, change func(row map[string]any)) (*http.Response, error) {
	resp, err := pass(r)
	if err != nil || r.Method != http.MethodGet || resp.StatusCode != http.StatusOK {
		return resp, err
	}
	defer resp.Body.Close()
	var rows []map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&rows); err != nil {
		return nil, err
	}
	for _, row := range rows {
		change(row)
	}
	body, err := json.Marshal(rows)
	return say(http.StatusOK, string(body)), err
}

// TestLocksFindPlantedBugs has the very clients of TestLocks talk to a sound agent through doors that are not.
func TestLocksFindPlantedBugs(t *testing.T) {
	t.Parallel()
	for _, bug := range lockBugs {
		t.Run(bug.name, func(t *testing.T) {
			a := startAgent(t, "", nil)
			defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
			url := "http://" + a.Agent.http.Addrs()[0].String()
			door, began, taken := &planted{spoil: bug.spoil, kept: map[string]*http.Request{}}, time.Now(), &atomic.Int64{}
			ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
			defer stop()
			var working sync.WaitGroup
			all := make([]*contender, 8)
			for i := range all {
				k := &contender{id: i, began: began, door: func() string { return url }, http: &http.Client{Transport: door}, rng: rand.New(rand.NewPCG(1, uint64(i))), mute: &atomic.Bool{}, taken: taken}
				all[i] = k
				working.Go(func() { k.work(ctx) })
			}
			for taken.Load() < 80 && ctx.Err() == nil {
				rest(ctx, 10*time.Millisecond)
			}
			stop()
			working.Wait()
			h := wholeOf(all)
			found := h.objections(0)
			for _, who := range []string{"early", "index", "overlap", "sight"} {
				must := slices.Contains(bug.by, who)
				if objects := len(found[who]) > 0; must && !objects || objects && bug.by == nil {
					t.Errorf("%s objects: %t\n%q", who, objects, found[who])
				}
			}
			t.Logf("%d holds, hand-overs %v, objections: early %d, index %d, overlap %d, sight %d", len(h.holds), h.handOvers(),
				len(found["early"]), len(found["index"]), len(found["overlap"]), len(found["sight"]))
		})
	}
}
