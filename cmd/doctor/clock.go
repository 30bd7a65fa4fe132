package doctor

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// clockFacts are how clocks differ from that of this machine.
type clockFacts struct {
	agent    *difference // of the machine the agent runs on; nil: not known
	leader   *difference // nil: not known
	synced   syncState
	maxError time.Duration // as the kernel estimates it; meaningless unless synced
}

// difference is by how much a clock is ahead, somewhere within least and most.
type difference struct{ least, most time.Duration }

// off is the least that a clock must differ by, whatever it was blurred by.
func (d difference) off() time.Duration {
	switch {
	case d.least > 0:
		return d.least
	case d.most < 0:
		return -d.most
	}
	return 0
}

func (d difference) String() string {
	if d.least > 0 {
		return fmt.Sprintf("%s ahead of this one", rounded(d.least))
	}
	return fmt.Sprintf("%s behind this one", rounded(-d.most))
}

func rounded(d time.Duration) time.Duration {
	if d > time.Second {
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(time.Millisecond)
}

// syncState is what the kernel knows of its clock.
type syncState int

const (
	syncUnknown syncState = iota // this system does not tell
	syncLost                     // nobody keeps it right
	syncKept
)

func lookAtClock(ctx context.Context, c *chart) []Finding {
	var f clockFacts
	if c.self != nil && c.blur > 0 {
		f.agent = &difference{c.ahead - c.blur, c.ahead + c.blur}
		f.leader = leaderClock(ctx, c)
	}
	f.synced, f.maxError = synced()
	return f.judge()
}

// leaderClock asks something that the leader alone answers, whoever is asked, and reads when it did.
// That is in whole seconds.
func leaderClock(ctx context.Context, c *chart) *difference {
	sent := time.Now()
	answer, err := c.Agent.Raw(ctx, "/v1/operator/raft/configuration", url.Values{}, 1<<20)
	if err != nil {
		return nil // that there is no leader is for another check to tell
	}
	at, err := http.ParseTime(answer.Header.Get("Date"))
	if err != nil {
		return nil
	}
	return &difference{time.Until(at), at.Add(time.Second).Sub(sent)}
}

const (
	clockOff = 2 * time.Second // a difference that makes logs and ages hard to read
	clockBad = time.Minute     // and one by which certificates are not valid yet, or no longer
)

func (f clockFacts) judge() []Finding {
	const remedy = "keep all clocks right with chrony or systemd-timesyncd"
	var seen []string
	for _, d := range []struct {
		whose string
		*difference
	}{{"the agent's machine", f.agent}, {"the leader's machine", f.leader}} {
		switch {
		case d.difference == nil:
		case d.off() >= clockBad:
			return fail(remedy, "the clock of %s is %s", d.whose, d)
		case d.off() >= clockOff:
			return warn(remedy, "the clock of %s is %s", d.whose, d)
		case d.off() > 0:
			seen = append(seen, fmt.Sprintf("%s is %s", d.whose, d))
		default:
			seen = append(seen, d.whose+" agrees")
		}
	}
	switch f.synced {
	case syncLost:
		return warn(remedy, "%s", strings.Join(append(seen, "nobody keeps the clock of this machine right"), "; "))
	case syncKept:
		seen = append(seen, fmt.Sprintf("kept right to %s", rounded(f.maxError)))
	}
	if len(seen) == 0 {
		return skip("neither an agent nor the system tells")
	}
	return ok("%s", strings.Join(seen, "; "))
}
