package compat

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"
)

// TestBlocking has every read that takes WaitIndex wait for a change of its own,
// sleep through changes of others, and return when the wait is over.
func TestBlocking(t *testing.T) {
	flows(t, map[string]func(*flow){
		"key": func(f *flow) {
			f.wakes(f.readKey(f.key("k")), f.put("k"))
		},
		"a key that is to come": func(f *flow) { f.wakes(f.readKey(f.key("new")), f.put("new")) },
		"list": func(f *flow) {
			f.wakes(func(q *api.QueryOptions) (*api.QueryMeta, error) {
				_, meta, err := f.KV().List(f.key("p/"), q)
				return meta, err
			}, f.put("p/1"))
		},
		"keys": func(f *flow) {
			f.wakes(func(q *api.QueryOptions) (*api.QueryMeta, error) {
				_, meta, err := f.KV().Keys(f.key("p/"), "", q)
				return meta, err
			}, f.put("p/1"))
		},
		"session": func(f *flow) {
			id := f.session(nil)
			f.wakes(func(q *api.QueryOptions) (*api.QueryMeta, error) {
				_, meta, err := f.Session().Info(id, q)
				return meta, err
			}, func() {
				_, err := f.Session().Destroy(id, nil)
				f.ok(err)
			})
		},
		"service": func(f *flow) {
			f.newService()
			f.wakes(func(q *api.QueryOptions) (*api.QueryMeta, error) {
				_, meta, err := f.Catalog().Service(f.key("web"), "", q)
				return meta, err
			}, f.serviceChanges)
		},
		"health of service": func(f *flow) {
			f.newService()
			f.wakes(func(q *api.QueryOptions) (*api.QueryMeta, error) {
				_, meta, err := f.Health().Service(f.key("web"), "", true, q)
				return meta, err
			}, f.serviceChanges)
		},
		"checks of service": func(f *flow) {
			f.newService()
			f.wakes(func(q *api.QueryOptions) (*api.QueryMeta, error) {
				_, meta, err := f.Health().Checks(f.key("web"), q)
				return meta, err
			}, f.serviceChanges)
		},
		"node": func(f *flow) {
			f.newService()
			f.wakes(func(q *api.QueryOptions) (*api.QueryMeta, error) {
				_, meta, err := f.Catalog().Node(f.key("n"), q)
				return meta, err
			}, f.serviceChanges)
		},
		"health of node": func(f *flow) {
			f.newService()
			f.wakes(func(q *api.QueryOptions) (*api.QueryMeta, error) {
				_, meta, err := f.Health().Node(f.key("n"), q)
				return meta, err
			}, f.serviceChanges)
		},
		"services of node": func(f *flow) {
			f.newService()
			f.wakes(func(q *api.QueryOptions) (*api.QueryMeta, error) {
				_, meta, err := f.Catalog().NodeServiceList(f.key("n"), q)
				return meta, err
			}, f.serviceChanges)
		},
		"the client goes":    clientGoes,
		"a cached read":      cachedWakes,
		"an index of before": indexOfBefore,
	})
}

// TestBlockingOnAll is of reads that any change of the catalog may wake, one after the other.
func TestBlockingOnAll(t *testing.T) {
	flows(t, map[string]func(*flow){
		"all": func(f *flow) {
			for what, read := range map[string]func(*api.QueryOptions) (*api.QueryMeta, error){
				"nodes": func(q *api.QueryOptions) (*api.QueryMeta, error) {
					_, meta, err := f.Catalog().Nodes(q)
					return meta, err
				},
				"services": func(q *api.QueryOptions) (*api.QueryMeta, error) {
					_, meta, err := f.Catalog().Services(q)
					return meta, err
				},
				"state": func(q *api.QueryOptions) (*api.QueryMeta, error) {
					_, meta, err := f.Health().State("any", q)
					return meta, err
				},
				"sessions": func(q *api.QueryOptions) (*api.QueryMeta, error) {
					_, meta, err := f.Session().List(q)
					return meta, err
				},
			} {
				change := f.newService
				if what == "sessions" {
					change = func() { f.session(nil) }
				}
				meta, err := read(nil)
				f.ok(err)
				woken := f.wait(read, meta.LastIndex)
				change()
				if got := soon(f, what, woken); got.LastIndex <= meta.LastIndex {
					f.Errorf("%s: index %d after %d", what, got.LastIndex, meta.LastIndex)
				}
				_, _ = f.Catalog().Deregister(&api.CatalogDeregistration{Node: f.key("n")}, nil)
			}
		},
	})
}

func (f *flow) put(key string) func() {
	return func() {
		f.Helper()
		_, err := f.KV().Put(&api.KVPair{Key: f.key(key), Value: []byte(time.Now().String())}, nil)
		f.ok(err)
	}
}

// newService puts an instance into the catalog, serviceChanges changes its tags and health.
func (f *flow) newService() {
	f.Helper()
	f.register(f.key("n"), f.web("web"), "passing", nil)
}

func (f *flow) serviceChanges() {
	f.Helper()
	f.register(f.key("n"), f.web("web", "changed"), "critical", nil)
}

func (f *flow) readKey(key string) func(*api.QueryOptions) (*api.QueryMeta, error) {
	return func(q *api.QueryOptions) (*api.QueryMeta, error) {
		_, meta, err := f.KV().Get(key, q)
		return meta, err
	}
}

// wait begins a read that blocks.
func (f *flow) wait(read func(*api.QueryOptions) (*api.QueryMeta, error), index uint64) <-chan *api.QueryMeta {
	out := make(chan *api.QueryMeta, 1)
	go func() {
		meta, err := read(&api.QueryOptions{WaitIndex: index, WaitTime: time.Minute})
		if err != nil {
			f.Error(err)
			meta = &api.QueryMeta{}
		}
		out <- meta
	}()
	return out
}

// wakes wants a read to time out when nothing changes, to sleep while something else
// does, and to wake by a change of its own, with an index that rises.
func (f *flow) wakes(read func(*api.QueryOptions) (*api.QueryMeta, error), change func()) {
	f.Helper()
	first, err := read(nil)
	f.ok(err)
	if first.LastIndex == 0 {
		f.Fatal("index 0")
	}
	woken := f.wait(read, first.LastIndex)
	f.put("unrelated")()
	began := time.Now()
	same, err := read(&api.QueryOptions{WaitIndex: first.LastIndex, WaitTime: 300 * time.Millisecond})
	f.ok(err)
	f.is("index when the wait is over", same.LastIndex, first.LastIndex)
	if time.Since(began) < 250*time.Millisecond {
		f.Error("did not wait")
	}
	select {
	case meta := <-woken:
		f.Errorf("woken by something else, from %d to %d", first.LastIndex, meta.LastIndex)
	default:
	}
	change()
	if meta := soon(f, "woken", woken); meta.LastIndex <= first.LastIndex {
		f.Errorf("index %d after %d", meta.LastIndex, first.LastIndex)
	}
}

func clientGoes(f *flow) {
	ctx, cancel := context.WithTimeout(f.Context(), 200*time.Millisecond)
	defer cancel()
	meta, err := f.readKey(f.key("k"))(nil)
	f.ok(err)
	_, err = f.readKey(f.key("k"))((&api.QueryOptions{WaitIndex: meta.LastIndex}).WithContext(ctx))
	if !errors.Is(err, context.DeadlineExceeded) {
		f.Error(err)
	}
}

// cachedWakes blocks on the copy that the agent itself holds.
func cachedWakes(f *flow) {
	read := func(q *api.QueryOptions) (*api.QueryMeta, error) {
		if q == nil {
			q = &api.QueryOptions{}
		}
		q.UseCache = true
		_, meta, err := f.Health().Service(f.key("web"), "", true, q)
		return meta, err
	}
	f.newService()
	f.until("the copy has it", func() bool {
		list, _, err := f.Health().Service(f.key("web"), "", true, &api.QueryOptions{UseCache: true})
		f.ok(err)
		return len(list) == 1
	})
	f.wakes(read, f.serviceChanges)
}

// indexOfBefore: an index that was passed long ago answers at once.
func indexOfBefore(f *flow) {
	f.put("k")()
	meta, err := f.readKey(f.key("k"))(&api.QueryOptions{WaitIndex: 1, WaitTime: time.Minute})
	f.ok(err)
	if meta.RequestTime > 30*time.Second {
		f.Errorf("waited %v", meta.RequestTime)
	}
}
