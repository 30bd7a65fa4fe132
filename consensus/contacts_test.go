package consensus

import (
	"testing"
	"time"

	"github.com/hashicorp/raft"
)

func TestContacts(t *testing.T) {
	start := time.Now()
	at := func(n int) time.Time { return start.Add(time.Duration(n)) }
	var c contacts
	type asked struct {
		id   raft.ServerID
		term uint64
		at   int
		want bool
	}
	for i, step := range []struct {
		note func()
		ask  []asked
	}{
		{func() {}, []asked{{"a", 0, 1, false}, {"a", 1, 1, false}}},
		{func() { c.note("a", 3, at(10)) }, []asked{{"a", 3, 10, true}, {"a", 3, 9, true}, {"a", 3, 11, false}, {"b", 3, 1, false}, {"a", 2, 1, false}, {"a", 4, 1, false}}},
		{func() { c.note("a", 3, at(5)) }, []asked{{"a", 3, 10, true}}},                                          // an answer that was long under way
		{func() { c.note("b", 2, at(50)) }, []asked{{"b", 3, 1, false}, {"b", 2, 1, false}}},                     // to a leader deposed
		{func() { c.note("b", 4, at(20)) }, []asked{{"b", 4, 20, true}, {"a", 4, 1, false}, {"a", 3, 1, false}}}, // elected again
	} {
		step.note()
		for _, q := range step.ask {
			if got := c.since(q.id, q.term, at(q.at)); got != q.want {
				t.Errorf("step %d: %s in term %d since %d: %v", i, q.id, q.term, q.at, got)
			}
		}
	}
}
