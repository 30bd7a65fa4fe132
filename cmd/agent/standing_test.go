package agent

import (
	"errors"
	"strings"
	"testing"
)

func TestStanding(t *testing.T) {
	a := startAgent(t, "", map[string]string{"a.json": `{"service": {"name": "web", "check": {"id": "c", "ttl": "1m"}}}`})
	await(t, "leading", func() error {
		line, err := a.Standing()
		if err == nil && (!strings.HasPrefix(line, "server of dc1, leads; index ") || !strings.HasSuffix(line, "; 1 services, 1 checks (1 critical) of its own")) {
			err = errors.New(line)
		}
		return err
	})
	a.fail(errors.New("disk broken"))
	if line, err := a.Standing(); err == nil || err.Error() != "disk broken" {
		t.Errorf("%q, %v; want that it cannot go on", line, err)
	}
	a.dead = true
}
