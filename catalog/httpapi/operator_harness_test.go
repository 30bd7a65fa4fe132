package httpapi

import (
	"context"
	"strings"
	"testing"
	"time"

	"muster/catalog"
)

// key32 and key16 are keys of two lengths, in base64.
const (
	key32 = "pUqJrVyVRj5jsiYEkM/tFQYfWyJIv4s3XkvDwy7Cu5s="
	key16 = "a1i101sMY8rxB+0eAKD/gw=="
)

// fakeOperator answers with what tests set and remembers what it was told.
type fakeOperator struct {
	fakeAgent
	health []ServerHealth
}

func (o *fakeOperator) RaftServers() ([]RaftServer, uint64, error) {
	return []RaftServer{
		{ID: "id-1", Name: "n1", Address: "10.0.0.1:8300", Leader: true, Voter: true, LastIndex: 42},
		{ID: "id-2", Address: "10.0.0.2:8300"},
	}, 9, o.failure
}

func (o *fakeOperator) RemoveServer(_ context.Context, id string) error {
	return o.tell("remove %s", id)
}

func (o *fakeOperator) TransferLeader(ctx context.Context, id string) error {
	if _, bounded := ctx.Deadline(); !bounded {
		return catalog.Errorf(catalog.Internal, "may last for ever")
	}
	return o.tell("transfer %q", id)
}

func (o *fakeOperator) Health() ([]ServerHealth, error) { return o.health, o.failure }

func (o *fakeOperator) Keys(_ context.Context, localOnly bool) ([]KeyRing, error) {
	rings := []KeyRing{{Datacenter: "dc1", Keys: map[string]int{key16: 2, key32: 1}, Primary: map[string]int{key16: 2}, Members: 2, Messages: map[string]string{"n2": "no answer"}}}
	if !localOnly {
		rings = append(rings, KeyRing{WAN: true, Datacenter: "dc1", Members: 1})
	}
	return rings, o.failure
}

func (o *fakeOperator) InstallKey(_ context.Context, key string) error {
	return o.tell("install %s", key)
}
func (o *fakeOperator) UseKey(_ context.Context, key string) error { return o.tell("use %s", key) }
func (o *fakeOperator) RemoveKey(_ context.Context, key string) error {
	return o.tell("remove %s", key)
}

// threeServers are a healthy leader and voter, and a third one with health of its own.
func threeServers(third bool) []ServerHealth {
	since := time.Date(2026, 11, 1, 13, 0, 0, 0, time.FixedZone("CET", 3600))
	return []ServerHealth{
		{ID: "id-1", Name: "n1", Address: "10.0.0.1:8300", Status: MemberAlive, Version: "0.4.0", Leader: true, Voter: true, Healthy: true, LastTerm: 3, LastIndex: 42, StableSince: since, Meta: map[string]string{"rack": "r1"}},
		{ID: "id-2", Name: "n2", Address: "10.0.0.2:8300", Status: MemberAlive, Version: "0.4.0", Voter: true, Healthy: true, LastContact: 2 * time.Millisecond, LastTerm: 3, LastIndex: 41, StableSince: since},
		{ID: "id-3", Name: "n3", Address: "10.0.0.3:8300", Status: MemberFailed, Voter: third, Healthy: third, LastContact: -1},
	}
}

func newOperatorFixture(t *testing.T) (*fixture, *fakeOperator) {
	o := &fakeOperator{fakeAgent: fakeAgent{changed: make(chan struct{})}}
	return newFixture(t, func(_ *Config, d *Deps) { d.Operator = o }), o
}

// silent fails the test if a key stands in any of the texts.
func silent(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(text, key16[:8]) || strings.Contains(text, key32[:8]) {
			t.Errorf("tells a key: %s", text)
		}
	}
}
