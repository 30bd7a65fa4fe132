package agent

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"muster/catalog"
)

// TestRestartShowsNothingBeforeTheFirstProbe has an agent come back before anybody misses it, so that
// nothing but its own first sync can take back what it said in its former life.
func TestRestartShowsNothingBeforeTheFirstProbe(t *testing.T) {
	t.Parallel()
	type gate struct{ arrived, open chan struct{} }
	gates := make(chan *gate, 1)
	gates <- nil
	target := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		g := <-gates
		gates <- g
		if g == nil {
			return
		}
		select {
		case g.arrived <- struct{}{}:
		default:
		}
		select {
		case <-g.open:
		case <-r.Context().Done():
		}
	}))
	defer target.Close()
	c := startCluster(t, 1, 0)
	server := c.by["s1"]
	victim := c.start(setup{name: "c1", client: true, dataDir: t.TempDir()})
	victim.want("PUT", "/v1/agent/service/register", fmt.Sprintf(
		`{"Name": "web", "Address": "192.0.2.1", "Check": {"HTTP": %q, "Interval": "100ms", "Timeout": "60s"}}`, target.URL), 200, "")
	c.everywhere("at first", "web.service.consul", "192.0.2.1")

	g := &gate{make(chan struct{}, 1), make(chan struct{})}
	<-gates
	gates <- g
	c.kill(victim)
	victim = c.restart(victim)
	<-g.arrived
	await(t, "the first sync", func() error {
		if is, _ := victim.inLine.get(); !is {
			return fmt.Errorf("not in line")
		}
		return nil
	})
	for deadline := time.Now().Add(300 * time.Millisecond); time.Now().Before(deadline); <-time.After(5 * time.Millisecond) {
		for _, a := range c.running() {
			k := a.state.Snapshot().Check("c1", "service:web")
			if got := a.lookup("web.service.consul"); got != "" || k == nil || k.Status != catalog.Critical {
				t.Fatalf("before the first probe %s answers %q, check %+v", a.name, got, k)
			}
		}
	}
	close(g.open)
	c.everywhere("after the first probe", "web.service.consul", "192.0.2.1")
	eventually(t, "health of the node", "passing", func() string {
		if k := server.state.Snapshot().Check("c1", catalog.SerfHealth); k != nil {
			return string(k.Status)
		}
		return ""
	})
}
