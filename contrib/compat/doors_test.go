package compat

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"
)

// doors are the lone servers of two datacenters that know of each other. The first is asked over TLS,
// by those who have a certificate, and over a unix socket.
type doors struct {
	east, west *agent
	socket     string
	certs      string // directory of certificates
}

// TestDoors drives the client through each door of an agent, and from there to another datacenter.
func TestDoors(t *testing.T) {
	d := openDoors(t)
	for name, enter := range map[string]func(*api.Config){
		"tls":  func(c *api.Config) { c.Address, c.TLSConfig = d.secure(), d.trust("dc1-cli-consul-0") },
		"unix": func(c *api.Config) { c.Address = "unix://" + d.socket },
	} {
		for what, play := range map[string]func(*flow){
			"kv": putGetDelete, "lock": lockUnlock, "semaphore": semaphoreUse, "blocking": blockKey, "service": agentService,
			"other datacenter": func(f *flow) { abroad(f, d) },
		} {
			t.Run(name+"/"+what, func(t *testing.T) {
				t.Parallel()
				play(d.flow(t, enter))
			})
		}
	}
	t.Run("strangers", func(t *testing.T) { strangers(t, d) })
}

func openDoors(t *testing.T) *doors {
	t.Helper()
	w := theWorld
	d := &doors{east: w.agent("east", 20, "-server", "-bootstrap"), certs: t.TempDir()}
	d.west = w.agent("west", 21, "-server", "-bootstrap", "-datacenter", "dc2", "-retry-join-wan", d.east.address, "-retry-interval-wan", "500ms")
	d.socket = filepath.Join(d.certs, "http.sock")
	for _, args := range [][]string{
		{"ca", "create"}, {"cert", "create", "-server", "-additional-ipaddress", d.east.address}, {"cert", "create", "-cli"},
		{"ca", "create", "-domain", "strange"}, {"cert", "create", "-cli", "-domain", "strange"},
	} {
		make := exec.Command(w.binary, append([]string{"tls"}, args...)...)
		make.Dir = d.certs
		if out, err := make.CombinedOutput(); err != nil {
			t.Fatalf("tls %v: %v\n%s", args, err, out)
		}
	}
	d.east.more = fmt.Sprintf(`{"ports": {"https": 8501}, "addresses": {"http": "%s unix://%s"}, "tls": {"https": {
		"ca_file": "%[3]s/muster-agent-ca.pem", "cert_file": "%[3]s/dc1-server-consul-0.pem", "key_file": "%[3]s/dc1-server-consul-0-key.pem",
		"verify_incoming": true}}}`, d.east.address, d.socket, d.certs)
	for _, a := range []*agent{d.east, d.west} {
		if err := a.start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { a.end(syscall.SIGKILL) })
	}
	for _, a := range []*agent{d.east, d.west} {
		if err := a.await(1); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// secure is where the east is asked over TLS.
func (d *doors) secure() string { return "https://" + d.east.address + ":8501" }

// trust is the CA of the agents, with a certificate to show, if one is named.
func (d *doors) trust(own string) api.TLSConfig {
	c := api.TLSConfig{CAFile: filepath.Join(d.certs, "muster-agent-ca.pem")}
	if own != "" {
		c.CertFile, c.KeyFile = filepath.Join(d.certs, own+".pem"), filepath.Join(d.certs, own+"-key.pem")
	}
	return c
}

// flow enters by a door that a configuration of the client names.
func (d *doors) flow(t *testing.T, enter func(*api.Config)) *flow {
	t.Helper()
	f := newFlow(t, d.east) // its client is that of the plain door
	cfg := api.DefaultConfig()
	enter(cfg)
	c, err := api.NewClient(cfg)
	f.ok(err)
	t.Cleanup(cfg.Transport.CloseIdleConnections)
	f.Client = c
	return f
}

// blockKey: a query waits for its key, and for no other.
func blockKey(f *flow) {
	f.put("k")()
	f.wakes(f.readKey(f.key("k")), f.put("k"))
}

// abroad reads and writes the other datacenter through this one.
func abroad(f *flow, d *doors) {
	f.until("both datacenters are known", func() bool {
		all, err := f.Catalog().Datacenters()
		f.ok(err)
		return len(all) == 2
	})
	q, w := &api.QueryOptions{Datacenter: "dc2"}, &api.WriteOptions{Datacenter: "dc2"}
	_, err := f.KV().Put(&api.KVPair{Key: f.key("k"), Value: []byte("west")}, w)
	f.ok(err)
	pair, meta, err := f.KV().Get(f.key("k"), q)
	f.ok(err)
	if pair == nil || string(pair.Value) != "west" || meta.LastIndex == 0 {
		f.Fatalf("%+v %+v", pair, meta)
	}
	pair, _, err = f.KV().Get(f.key("k"), nil)
	f.ok(err)
	f.is("at home", pair, (*api.KVPair)(nil))
	nodes, _, err := f.Catalog().Nodes(q)
	f.ok(err)
	f.is("nodes", pick(nodes, func(n *api.Node) string { return n.Node + " " + n.Datacenter }), []string{"west dc2"})
	servers, _, err := f.Health().Service("consul", "", true, q)
	f.ok(err)
	f.is("servers", pick(servers, func(e *api.ServiceEntry) string { return e.Node.Address }), []string{d.west.address})

	blocking := *q
	blocking.WaitIndex, blocking.WaitTime = meta.LastIndex, time.Minute
	woken := make(chan error, 1)
	go func() {
		_, _, err := f.KV().Get(f.key("k"), &blocking)
		woken <- err
	}()
	_, err = f.KV().Put(&api.KVPair{Key: f.key("k"), Value: []byte("again")}, w)
	f.ok(err)
	f.ok(soon(f, "a blocking query of the other datacenter", woken))

	_, err = f.Catalog().Register(&api.CatalogRegistration{Datacenter: "dc2", Node: f.key("n"), Address: "192.0.2.9", Service: f.web("1")}, w)
	f.ok(err)
	list, _, err := f.Catalog().Service(f.key("web"), "", q)
	f.ok(err)
	f.is("registered there", len(list), 1)
	id, _, err := f.Session().Create(&api.SessionEntry{Node: "west", TTL: "60s"}, w)
	f.ok(err)
	s, _, err := f.Session().Info(id, q)
	f.ok(err)
	f.is("session", s.Node, "west")
	_, err = f.Session().Destroy(id, w)
	f.ok(err)
	_, err = f.Catalog().Deregister(&api.CatalogDeregistration{Datacenter: "dc2", Node: f.key("n")}, w)
	f.ok(err)
	_, _, err = f.KV().Get(f.key("k"), &api.QueryOptions{Datacenter: "dc9"})
	f.fails("an unknown datacenter", err, 500, "No path to datacenter")
}

// strangers: who has no certificate, one of another CA, or knows another CA, gets nowhere; and the socket is its owner's alone.
func strangers(t *testing.T, d *doors) {
	ask := func(tls api.TLSConfig) error {
		cfg := api.DefaultConfig()
		cfg.Address, cfg.TLSConfig = d.secure(), tls
		c, err := api.NewClient(cfg)
		if err != nil {
			return err
		}
		defer cfg.Transport.CloseIdleConnections()
		_, err = c.Status().Leader()
		return err
	}
	other := d.trust("dc1-cli-consul-0")
	other.CAFile = filepath.Join(d.certs, "strange-agent-ca.pem")
	for what, tls := range map[string]api.TLSConfig{"none": d.trust(""), "of another CA": d.trust("dc1-cli-strange-0"), "another CA": other} {
		if err := ask(tls); err == nil {
			t.Errorf("a client with a certificate %s was let in", what)
		}
	}
	if err := ask(d.trust("dc1-cli-consul-0")); err != nil {
		t.Error(err)
	}
	resp, err := http.Get("http://" + d.east.address + ":8501/v1/status/leader")
	if err == nil {
		_ = resp.Body.Close()
	}
	if err == nil && resp.StatusCode == http.StatusOK {
		t.Error("HTTPS answers who speaks no TLS")
	}
	info, err := os.Stat(d.socket)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket: %v, %v", info, err)
	}
}
