package compat

import (
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"
)

// TestLoneServerRestarts: a lock that is held through a client agent outlives a kill of the only server, which comes
// back: what watches it waits on, and so do requests that come meanwhile.
func TestLoneServerRestarts(t *testing.T) {
	w := theWorld
	server := w.agent("lone", 30, "-server", "-bootstrap")
	guest := w.agent("guest", 31, "-retry-join", server.address)
	guest.more = `{"performance": {"rpc_hold_timeout": "60s"}}` // a machine that does much else takes its time
	for _, a := range []*agent{server, guest} {
		if err := a.start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { a.end(syscall.SIGKILL) })
	}
	for _, a := range []*agent{server, guest} {
		if err := a.await(2); err != nil {
			t.Fatal(err)
		}
	}
	f := newFlow(t, guest)
	lock, err := f.LockOpts(&api.LockOptions{Key: f.key("l"), SessionTTL: "120s"})
	f.ok(err)
	lost, err := lock.Lock(nil)
	f.ok(err)
	server.end(syscall.SIGKILL)
	read := make(chan error, 1)
	go func() {
		pair, _, err := f.KV().Get(f.key("l"), &api.QueryOptions{RequireConsistent: true})
		if err == nil && (pair == nil || pair.Session == "") {
			t.Errorf("the lock after the restart: %+v", pair)
		}
		read <- err
	}()
	<-time.After(500 * time.Millisecond) // longer than it takes to fail
	if err := server.start(); err != nil {
		t.Fatal(err)
	}
	f.ok(soon(f, "a read while the server was away", read))
	_, err = f.KV().Put(&api.KVPair{Key: f.key("after"), Value: []byte("v")}, nil)
	f.ok(err)
	select {
	case <-lost:
		t.Error("the lock was lost")
	default:
	}
	f.ok(lock.Unlock())
}
