package agent

import (
	"context"
	"maps"
	"strings"
	"sync"
	"time"
)

// What agents tell of themselves in gossip.
const (
	// tagState is "1" or not there: this server has raft state, and so belongs to a cluster.
	tagState = "raft"
	// tagInLine is "1" or not there: the catalog has what this agent knows of its services. The leader
	// waits for it before it trusts the rows of an agent that comes back.
	tagInLine = "synced"
	// tagDatacenters is the other datacenters that a server has met, with blanks
	// between them, for clients, who are not in the pool of all datacenters.
	tagDatacenters = "datacenters"
	// tagWAN is where a server gossips with those of other datacenters, as host:port; not
	// there: it does not.
	tagWAN = "wan"
)

// maxDatacentersTag bounds the length of that tag: all that an agent tells has to fit a packet.
const maxDatacentersTag = 192

// inLine is whether the catalog is in line with what this agent registered. The zero value: no.
type inLine struct {
	mu      sync.Mutex
	is      bool
	changed chan struct{} // closed at the next change; nil: nobody waits
}

func (l *inLine) set(is bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.is = is
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
}

// get returns whether it is, and a channel that is closed when that changes.
func (l *inLine) get() (bool, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.changed == nil {
		l.changed = make(chan struct{})
	}
	return l.is, l.changed
}

const (
	// provingTime bounds how long checks that are taken to pass until they are probed
	// hold up their node. Most probes come within half a second.
	provingTime = 10 * time.Second
	// tagsRetry is the pause after the others could not be told.
	tagsRetry = time.Second
)

// keepTags tells others of the state this agent is in, for as long as ctx lasts.
func (a *Agent) keepTags(ctx context.Context) {
	told := map[string]string{}
	p := proof{unproven: a.store.Unproven, changed: a.store.Changed, arrived: a.verdictsArrived}
	for ctx.Err() == nil {
		var founded, met <-chan struct{} // nil on clients
		if a.replica != nil {
			_, founded = a.replica.LeaderWatch()
		}
		if a.wan != nil {
			met = a.wan.Changed()
		}
		is, changed := a.inLine.get()
		proven, progress := p.of(is, time.Now())
		var retry <-chan time.Time
		if next := a.tags(proven); !maps.Equal(next, told) {
			if err := a.lan.SetTags(next); err == nil {
				told = next
			} else {
				if ctx.Err() == nil {
					a.logs.Warn("others could not be told what state this agent is in, trying again", "err", err)
				}
				retry = time.After(tagsRetry)
			}
		}
		if !proven && is {
			retry = time.After(tagsRetry)
		}
		select {
		case <-ctx.Done():
		case <-founded:
		case <-met:
		case <-changed:
		case <-progress:
		case <-retry:
		}
	}
}

// tags are what this agent tells others about the state it is in.
func (a *Agent) tags(inLine bool) map[string]string {
	t := map[string]string{}
	if a.replica != nil && a.replica.HasState() {
		t[tagState] = "1"
	}
	if inLine {
		t[tagInLine] = "1"
	}
	if a.wan != nil {
		t[tagWAN] = a.wan.Addr().String()
	}
	if a.replica != nil {
		if others := a.tellable(a.datacenters()[1:]); others != "" {
			t[tagDatacenters] = others
		}
	}
	return t
}

// tellable joins as many names as there is room for.
func (a *Agent) tellable(names []string) string {
	n := len(names)
	for n > 0 && len(strings.Join(names[:n], " ")) > maxDatacentersTag {
		n--
	}
	if n < len(names) {
		a.logs.Warn("clients hear of the first datacenters only, the names of all are too long", "datacenters", len(names), "told", n)
	}
	return strings.Join(names[:n], " ")
}

// proof decides when the rows in the catalog can be gone by: when it is in line with
// this agent, and no check passes only because it is to until it is probed. Checks
// that start as critical, as they do unless told otherwise, keep their instances out
// of answers by themselves, so nobody needs to wait for them.
type proof struct {
	unproven func() []string
	changed  func() <-chan struct{} // closed when unproven may have changed
	// arrived reports whether the catalog has what the probes said, and if not,
	// returns a channel that is closed when it may have.
	arrived func() (bool, <-chan struct{})

	since time.Time // first in line; zero: not yet
	done  bool      // what starts later is not waited for
}

// of returns whether the rows can be gone by, given whether they are in line, and if
// only a probe is missing a channel that is closed when it may have come.
func (p *proof) of(inLine bool, now time.Time) (bool, <-chan struct{}) {
	if !inLine || p.done {
		return inLine, nil
	}
	if p.since.IsZero() {
		p.since = now
	}
	changed := p.changed()
	if len(p.unproven()) == 0 {
		// The last verdict may still be on its way: what was in line was so before it.
		p.done, changed = p.arrived()
	}
	if p.done = p.done || now.Sub(p.since) >= provingTime; p.done {
		return true, nil
	}
	return false, changed
}

// verdictsArrived reports whether this agent's copy of the catalog has the status of each
// of its checks, and if not, returns a channel that is closed when it may have.
func (a *Agent) verdictsArrived() (bool, <-chan struct{}) {
	snap, node := a.state.Snapshot(), a.config().NodeName
	changed := snap.NodeMark(node).Changed
	for _, c := range a.store.Checks() {
		if row := snap.Check(node, c.ID); row == nil || snap.AsSeenBy(node, row).Status != c.Status {
			return false, changed
		}
	}
	return true, nil
}
