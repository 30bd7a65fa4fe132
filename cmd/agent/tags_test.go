package agent

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"muster/catalog"
)

func TestProof(t *testing.T) {
	start := time.Now()
	type look struct {
		after    time.Duration
		inLine   bool
		unproven int // -1: none, and the last verdict is still on its way
		want     bool
	}
	for name, looks := range map[string][]look{
		"not in line":                     {{0, false, 0, false}, {time.Hour, false, 0, false}},
		"nothing to wait for":             {{0, true, 0, true}},
		"a probe comes":                   {{0, true, 2, false}, {time.Second, true, 1, false}, {2 * time.Second, true, 0, true}},
		"its verdict is on its way":       {{0, true, 1, false}, {1, true, -1, false}, {2, true, 0, true}},
		"a probe does not come":           {{0, true, 1, false}, {provingTime - 1, true, 1, false}, {provingTime, true, 1, true}},
		"out of line again":               {{0, true, 0, true}, {1, false, 0, false}, {2, true, 0, true}},
		"later checks are not waited for": {{0, true, 0, true}, {1, false, 1, false}, {2, true, 1, true}},
		"out of line while waiting":       {{0, true, 1, false}, {1, false, 1, false}, {2, true, 1, false}, {3, true, 0, true}},
	} {
		t.Run(name, func(t *testing.T) {
			unproven := 0
			changed := make(chan struct{})
			p := proof{unproven: func() []string { return make([]string, max(unproven, 0)) }, changed: func() <-chan struct{} { return changed }}
			p.arrived = func() (bool, <-chan struct{}) {
				if unproven < 0 {
					return false, changed
				}
				return true, nil
			}
			for i, l := range looks {
				unproven = l.unproven
				got, progress := p.of(l.inLine, start.Add(l.after))
				if got != l.want || (progress != nil) != (l.inLine && !l.want) {
					t.Errorf("look %d: %t, to be woken: %t; want %t", i, got, progress != nil, l.want)
				}
			}
		})
	}
}

// TestReturnWaitsForTheFirstProbe has a node die with an instance that passed, and come back
// with the instance broken. Its probe is slow to find out.
func TestReturnWaitsForTheFirstProbe(t *testing.T) {
	t.Parallel()
	hold, arrived := make(chan struct{}), make(chan struct{}, 100)
	broken := make(chan bool, 1)
	broken <- false
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		is := <-broken
		broken <- is
		if is {
			arrived <- struct{}{}
			select {
			case <-hold:
			case <-r.Context().Done():
			}
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	defer target.Close()
	c := startCluster(t, 1, 0)
	victim := c.start(setup{name: "c1", client: true, dataDir: t.TempDir(), files: map[string]string{"web.json": fmt.Sprintf(`{"services": [
		{"name": "web", "address": "192.0.2.1", "check": {"http": %q, "interval": "100ms", "timeout": "60s", "status": "passing"}},
		{"name": "plain", "address": "192.0.2.2"}]}`, target.URL)}})
	server := c.by["s1"]
	server.resolves("at first", "web.service.consul", "192.0.2.1")
	server.resolves("at first", "plain.service.consul", "192.0.2.2")
	c.kill(victim)
	server.resolves("dead", "web.service.consul", "")
	<-broken
	broken <- true

	victim = c.restart(victim)
	<-arrived // the first probe is under way
	health := func() string {
		if k := server.state.Snapshot().Check("c1", catalog.SerfHealth); k != nil {
			return k.Output
		}
		return ""
	}
	eventually(t, "health of the node", silentCheck("c1").Output, health)
	await(t, "the first sync", func() error {
		if is, _ := victim.inLine.get(); !is {
			return fmt.Errorf("not in line")
		}
		return nil
	})
	if got := server.lookup("web.service.consul") + server.lookup("plain.service.consul"); got != "" {
		t.Errorf("before the first probe: %s", got)
	}
	close(hold)
	eventually(t, "health of the node", aliveCheck("c1").Output, health)
	if got := server.lookup("web.service.consul"); got != "" {
		t.Errorf("the broken instance is in answers: %s", got)
	}
	server.resolves("after the probe", "plain.service.consul", "192.0.2.2")
}
