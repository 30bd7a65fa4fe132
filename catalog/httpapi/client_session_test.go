package httpapi

import (
	"testing"
	"time"
)

// A session that the client makes locks keys, and deletes them when it ends.
func TestClientSession(t *testing.T) {
	f := newFixture(t, nil)
	f.put("/v1/catalog/register", `{"Node":"n1","Address":"10.0.0.1","Check":{"CheckID":"serfHealth","Name":"s","Status":"passing"}}`)
	c, err := NewClient(ClientConfig{Via: f.Passed()})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	id, err := c.CreateSession(ctx, ClientSession{Name: "mine", TTL: 15 * time.Second, Delete: true})
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := c.AcquireKey(ctx, "a", []byte("1"), 7, id); err != nil || !ok {
		t.Error("acquire:", ok, err)
	}
	if ok, err := c.ReleaseKey(ctx, "a", []byte("2"), 7, "another"); err == nil && ok {
		t.Error("another session released it")
	}
	if p, err := c.Key(ctx, "a", ClientQuery{}); err != nil || p.Session != id || p.Flags != 7 {
		t.Error(p, err)
	}
	if ok, err := c.ReleaseKey(ctx, "a", []byte("2"), 7, id); err != nil || !ok {
		t.Error("release:", ok, err)
	}
	if ok, err := c.AcquireKey(ctx, "a", nil, 7, id); err != nil || !ok {
		t.Error("acquire again:", ok, err)
	}
	if err := c.DestroySession(ctx, id); err != nil {
		t.Error(err)
	}
	if _, err := c.Key(ctx, "a", ClientQuery{}); !ClientNotFound(err) {
		t.Errorf("the key outlived its session: %v", err)
	}
}
