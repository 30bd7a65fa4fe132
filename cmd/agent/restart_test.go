package agent

import "testing"

// TestRollingRestart restarts one agent after the other, without a word of leaving,
// and asks all others all the while.
func TestRollingRestart(t *testing.T) {
	t.Parallel()
	c := startCluster(t, 3, 2)
	c.external("web", "192.0.2.1")
	q := newAsker(t, "web.service.consul")
	q.begin(c.running()...)
	for _, name := range []string{"c1", "s1", "s2", "c2", "s3"} {
		a := c.by[name]
		q.end(a)
		if err := a.Close(); err != nil {
			t.Error(err)
		}
		a = c.restart(a)
		a.resolves("restarted", "web.service.consul", "192.0.2.1")
		q.begin(a)
		c.settled()
		q.more(c.running()...)
		a.want("PUT", "/v1/kv/"+name, "x", 200, "true")
	}
	q.verdict()
	c.equal()
}
