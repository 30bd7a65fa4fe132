package probes

import (
	"testing"
	"testing/synctest"
	"time"

	"muster/catalog"
)

func TestNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		o := &owner{}
		r := newRunner(t, o, catalog.New(), func(cfg *Config) { cfg.FirstWithin = time.Millisecond })
		r.pretend(scripted("P"))
		next := func(what, id string, want time.Duration) {
			t.Helper()
			switch got := r.Next(id); {
			case want == 0 && !got.IsZero():
				t.Errorf("%s: next in %v, want not to know", what, got.Sub(start))
			case want > 0 && got.Sub(start).Truncate(time.Millisecond) != want:
				t.Errorf("%s: next in %v, want %v", what, got.Sub(start), want)
			}
		}
		r.Reconcile([]catalog.CheckDefinition{
			tcpCheck("tcp", 10*time.Second), {ID: "ttl", TTL: time.Minute}, {ID: "alias", AliasService: "web"},
		}, nil)
		next("not probed yet", "tcp", 0)
		pass(time.Second)
		next("probed", "tcp", 10*time.Second)
		next("expected", "ttl", time.Minute)
		next("follows", "alias", 0)
		next("unknown", "none", 0)
		pass(11 * time.Second)
		next("probed again", "tcp", 20*time.Second)
		if err := r.Update("ttl", catalog.Passing, ""); err != nil {
			t.Fatal(err)
		}
		next("put off", "ttl", 72*time.Second)
		pass(time.Hour)
		next("expired", "ttl", 0)
		r.Close()
		next("closed", "tcp", 0)
	})
}
