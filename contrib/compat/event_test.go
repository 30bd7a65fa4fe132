package compat

import (
	"testing"
	"time"

	"github.com/hashicorp/consul/api"
)

func TestEvent(t *testing.T) {
	flows(t, map[string]func(*flow){
		"fire and list": eventUse,
		"blocking":      eventBlocking,
		"watch": func(f *flow) {
			seen := f.watch(map[string]any{"type": "event", "name": f.key("e")})
			_, _, err := f.Event().Fire(&api.UserEvent{Name: f.key("e")}, nil)
			f.ok(err)
			f.sees(seen, f.key("e"))
		},
	})
}

func eventUse(f *flow) {
	id, _, err := f.Event().Fire(&api.UserEvent{Name: f.key("e"), Payload: []byte("go"), NodeFilter: f.agent.name}, nil)
	f.ok(err)
	f.until("the event is listed", func() bool {
		list, meta, err := f.Event().List(f.key("e"), nil)
		f.ok(err)
		if len(list) == 0 {
			return false
		}
		f.is("event", *list[0], api.UserEvent{ID: id, Name: f.key("e"), Payload: []byte("go"), NodeFilter: f.agent.name, Version: list[0].Version, LTime: list[0].LTime})
		f.is("index of the id", f.Event().IDToIndex(id), meta.LastIndex)
		return true
	})
	_, _, err = f.Event().Fire(&api.UserEvent{Name: f.key("e"), Payload: make([]byte, 5000)}, nil)
	if err == nil {
		f.Error("a payload over the limit was taken")
	}
}

func eventBlocking(f *flow) {
	_, _, err := f.Event().Fire(&api.UserEvent{Name: f.key("e")}, nil)
	f.ok(err)
	read := func(q *api.QueryOptions) (*api.QueryMeta, error) {
		_, meta, err := f.Event().List(f.key("e"), q)
		return meta, err
	}
	var first *api.QueryMeta
	f.until("the first is listed", func() bool {
		list, meta, err := f.Event().List(f.key("e"), nil)
		f.ok(err)
		first = meta
		return len(list) == 1
	})
	woken := f.wait(read, first.LastIndex)
	_, _, err = f.Event().Fire(&api.UserEvent{Name: f.key("e")}, nil)
	f.ok(err)
	if meta := soon(f, "woken", woken); meta.LastIndex == first.LastIndex || meta.RequestTime > time.Minute {
		f.Errorf("%+v after %+v", meta, first)
	}
}
