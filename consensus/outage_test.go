package consensus

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/hashicorp/raft"
)

func TestOutages(t *testing.T) {
	log := &logged{}
	o := newOutages(log.logger())
	dead := errors.New("connection refused")
	for i, tc := range []struct {
		id   string
		err  error
		want string
	}{
		{"a", nil, ""},
		{"a", dead, `{"level":"WARN","msg":"server does not answer","id":"a","address":"at-a","error":"connection refused"}`},
		{"a", dead, ""},
		{"b", fmt.Errorf("dial: %w", net.ErrClosed), ""},
		{"b", errStalled, ""},
		{"b", dead, `{"level":"WARN","msg":"server does not answer","id":"b","address":"at-b","error":"connection refused"}`},
		{"a", nil, `{"level":"INFO","msg":"server answers again","id":"a","address":"at-a"}`},
		{"a", nil, ""},
		{"a", dead, `{"level":"WARN","msg":"server does not answer","id":"a","address":"at-a","error":"connection refused"}`},
	} {
		before := len(log.String())
		o.note(raft.ServerID(tc.id), raft.ServerAddress("at-"+tc.id), tc.err)
		if got := strings.TrimSpace(log.String()[before:]); got != tc.want {
			t.Errorf("%d: %s", i, got)
		}
	}
}

// The death of a leader is one line on each of the others that asks it for anything.
func TestLeaderDeathIsToldOnce(t *testing.T) {
	c := form(t, 3, nil)
	dead := c.leader()
	if err := dead.Close(); err != nil {
		t.Fatal(err)
	}
	c.put([]*member{dead}, "after")
	for _, m := range c.others(dead) {
		if n := strings.Count(m.log.String(), `"level":"WARN"`) + strings.Count(m.log.String(), `"level":"ERROR"`); n > 1 {
			t.Errorf("%d complaints of %s:\n%s", n, m.cfg.ID, m.log)
		}
	}
	if leader := c.leader(dead); strings.Count(leader.log.String(), "server does not answer") != 1 {
		t.Errorf("the new leader does not say that the former one is away:\n%s", leader.log)
	}
}
