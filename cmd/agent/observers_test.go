package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"muster/catalog"
)

// probing lets agents probe others' targets on loopback, where tests have theirs.
func probing(networks string) map[string]string {
	return map[string]string{"probing.json": `{"external_probes": {"enabled": true, "allow_networks": [` + networks + `]}}`}
}

// probedPort accepts connections until it is closed, and counts them.
type probedPort struct {
	net.Listener
	came atomic.Int64
	done chan struct{}
}

func newProbedPort(t *testing.T) *probedPort {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &probedPort{Listener: l, done: make(chan struct{})}
	go func() {
		defer close(e.done)
		for {
			conn, err := l.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err == nil {
				e.came.Add(1)
				conn.Close()
			}
		}
	}()
	t.Cleanup(e.end)
	return e
}

func (e *probedPort) end() { e.Close(); <-e.done }

// target registers a service on a node without an agent, whose check is to be observed by so many.
func (c *testCluster) target(name, at string, observers int) {
	c.t.Helper()
	c.running()[0].put("/v1/catalog/register", fmt.Sprintf(`{"Node": %q, "Address": "192.0.2.7", "NodeMeta": {"external-node": "true"},
		"Service": {"Service": %q, "Port": 80},
		"Check": {"Name": "up", "ServiceID": %q, "Status": "critical", "Definition": {"TCP": %q, "Interval": "100ms", "Timeout": "1s", "Observers": %d}}}`,
		"ext-"+name, name, name, at, observers))
}

// observing waits until a number of agents, and no more, say what they see of a target.
func (c *testCluster) observing(name string, want int) (by []string) {
	c.t.Helper()
	c.await(fmt.Sprintf("%s is observed by %d", name, want), func() error {
		by = nil
		for _, o := range c.running()[0].state.Snapshot().Observations("ext-"+name, "up") {
			by = append(by, o.Observer)
		}
		if len(by) != want {
			return fmt.Errorf("by %v", by)
		}
		return nil
	})
	return by
}

// The targets of an agent that dies are others' at once, and one of them sees what becomes of them.
func TestTargetsOutliveTheirObserver(t *testing.T) {
	c := setup{files: probing(`"127.0.0.0/8"`)}.startCluster(t, nil, 3, 1)
	var ends []*probedPort
	for i := range 6 {
		ends = append(ends, newProbedPort(t))
		c.target(fmt.Sprintf("t%d", i), ends[i].Addr().String(), 1)
	}
	observer := ""
	for i := range ends {
		name := fmt.Sprintf("t%d", i)
		c.everywhere("it passes", name+".service.consul", "192.0.2.7")
		if by := c.observing(name, 1); i == 0 {
			observer = by[0]
		}
	}
	c.kill(c.by[observer])
	c.noticed(observer)
	for i := range ends {
		name := fmt.Sprintf("t%d", i)
		if by := c.observing(name, 1); by[0] == observer {
			t.Errorf("%s is still observed by %s", name, observer)
		}
		c.everywhere("it passes all the while", name+".service.consul", "192.0.2.7")
	}
	ends[0].end()
	c.everywhere("its new observer sees it fail", "t0.service.consul", "")
	c.everywhere("the others are well", "t1.service.consul", "192.0.2.7")
	// Who sees it knows how it came about, and only who does.
	by := c.observing("t0", 1)[0]
	for _, a := range c.running() {
		now, sees := registrar{a.store, a.Agent}.Observed("ext-t0", "up")
		if sees != (a == c.by[by]) {
			t.Errorf("%s knows of the target: %v; %s observes it", a.config().NodeName, sees, by)
		}
		last := catalog.Transition{}
		if n := len(now.Transitions); n > 0 {
			last = now.Transitions[n-1]
		}
		if sees && (now.Status != catalog.Critical || last.From != catalog.Passing || last.To != catalog.Critical || last.Reason == "") {
			t.Errorf("%s remembers %+v", by, now)
		}
	}
}

// Of three observers one lies: that changes no answer, whatever it says.
func TestOneObserverLies(t *testing.T) {
	c := setup{files: probing(`"127.0.0.0/8"`)}.startCluster(t, nil, 3, 0)
	end := newProbedPort(t)
	c.target("db", end.Addr().String(), 3)
	c.everywhere("it passes", "db.service.consul", "192.0.2.7")
	honest := func(s catalog.Status) {
		t.Helper()
		c.await("s1 and s2 see it "+string(s), func() error {
			for _, name := range []string{"s1", "s2"} {
				if o := c.by[name].state.Snapshot().Observation("ext-db", "up", name); o == nil || o.Status != s {
					return fmt.Errorf("%s: %+v", name, o)
				}
			}
			return nil
		})
	}
	honest(catalog.Passing)
	c.observing("db", 3)
	liar := c.by["s3"]
	defined := liar.state.Snapshot().Check("ext-db", "up").DefinedIndex
	lie := func(s catalog.Status) {
		t.Helper()
		say := &catalog.Observe{Node: "ext-db", CheckID: "up", Observer: "s3", Defined: defined, Status: s, Output: "believe me"}
		if res, err := liar.forwarder.Apply(t.Context(), say); err != nil || !res.OK {
			t.Fatalf("%+v %v", res, err)
		}
		told := c.leader().state.Applied()
		c.await("everybody has heard it", func() error {
			for _, a := range c.running() {
				if at := a.state.Applied(); at < told {
					return fmt.Errorf("%s is at %d of %d", a.name, at, told)
				}
			}
			return nil
		})
	}
	lie(catalog.Critical)
	if said := liar.explain("name=db.service.consul"); !strings.Contains(fmt.Sprint(said.Names[0].Considered[0].Checks[0].Observers), "{s3 critical believe me true}") {
		t.Errorf("its dissent does not show: %+v", said.Names[0].Considered[0].Checks[0].Observers)
	}
	for range 20 {
		lie(catalog.Critical)
		for _, a := range c.running() {
			if got := a.lookup("db.service.consul"); got != "192.0.2.7" {
				t.Fatalf("%s answers %q", a.name, got)
			}
		}
	}
	end.end()
	honest(catalog.Critical)
	c.everywhere("two of three see it fail", "db.service.consul", "")
	for range 20 {
		lie(catalog.Passing)
		for _, a := range c.running() {
			if got := a.lookup("db.service.consul"); got != "" {
				t.Fatalf("%s answers %q", a.name, got)
			}
		}
	}
}

// An ordinary service's check is observed by its owner and by others.
func TestOthersObserveToo(t *testing.T) {
	c := setup{files: probing(`"127.0.0.0/8"`)}.startCluster(t, nil, 3, 0)
	end := newProbedPort(t)
	c.by["s1"].want("PUT", "/v1/agent/service/register", fmt.Sprintf(`{"Name": "web", "Address": "192.0.2.8",
		"Check": {"TCP": %q, "Interval": "100ms", "Observers": 3}}`, end.Addr()), 200, "")
	c.everywhere("it passes", "web.service.consul", "192.0.2.8")
	c.await("all three say what they see", func() error {
		if n := len(c.by["s2"].state.Snapshot().Observations("s1", "service:web")); n != 3 {
			return fmt.Errorf("%d do", n)
		}
		return nil
	})
	end.end()
	c.everywhere("it fails", "web.service.consul", "")
}

// Nobody probes for others who was not told to, nor where it must not.
func TestProbingForOthersIsOptIn(t *testing.T) {
	end := newProbedPort(t)
	register := fmt.Sprintf(`{"Node": "ext", "Address": "192.0.2.7", "Check": {"Name": "up", "Definition": {"TCP": %q, "Interval": "100ms"}}}`, end.Addr())
	off := startAgent(t, "", nil)
	off.put("/v1/catalog/register", register)
	away := startAgent(t, "", probing(""))
	away.put("/v1/catalog/register", register)
	await(t, "the agent says why it does not look", func() error {
		if o := away.state.Snapshot().Observation("ext", "up", "n1"); o == nil || o.Status != "" || o.Output == "" {
			return fmt.Errorf("it says %+v", o)
		}
		return nil
	})
	for _, a := range []*testAgent{off, away} {
		if k := a.state.Snapshot().Check("ext", "up"); k.Status != catalog.Critical {
			t.Errorf("the check is %s", k.Status)
		}
	}
	if n := end.came.Load(); n != 0 {
		t.Errorf("the target was probed %d times", n)
	}
	var shown []struct{ Definition map[string]any }
	_, text := off.call("GET", "/v1/health/node/ext", "")
	if err := json.Unmarshal([]byte(text), &shown); err != nil || len(shown) != 1 || shown[0].Definition["Interval"] != "100ms" {
		t.Errorf("shown as %+v, %v", shown, err)
	}
	off.want("PUT", "/v1/catalog/register", `{"Node": "x", "Address": "192.0.2.1", "Check": {"Name": "c", "Definition": {"Args": ["/bin/true"], "Interval": "1s"}}}`, 400,
		"Check.Definition.args: other agents cannot probe a script check; they can http, tcp, udp, grpc, dns and icmp")
}
