package gossip

import (
	"errors"
	"log/slog"
	"net/netip"

	"github.com/hashicorp/memberlist"

	"muster/metrics"
)

// delegate is what memberlist calls, often under its locks: nothing here waits,
// calls memberlist, or keeps what it was handed.
type delegate struct{ *Pool }

// NodeMeta implements memberlist.Delegate.
func (d *delegate) NodeMeta(int) []byte {
	d.selfMu.Lock()
	defer d.selfMu.Unlock()
	data, err := d.self.encode()
	if err != nil { // whoever changed it checked that it can be encoded
		d.report.report(slog.LevelError, "this agent cannot tell of itself", "error", err)
	}
	return data
}

// NotifyMsg implements memberlist.Delegate.
func (d *delegate) NotifyMsg(msg []byte) {
	if len(msg) == 0 || len(msg) > maxMessage {
		d.malformed("message", errors.New("empty, or too large"))
		return
	}
	select {
	case d.inbox <- append([]byte(nil), msg...):
	default:
		d.report.seldom("inbox", slog.LevelWarn, "gossip messages come faster than they are handled: dropped")
	}
}

// GetBroadcasts implements memberlist.Delegate.
func (d *delegate) GetBroadcasts(overhead, limit int) [][]byte {
	return d.queue.GetBroadcasts(overhead, limit)
}

// LocalState implements memberlist.Delegate.
func (d *delegate) LocalState(bool) []byte {
	data, err := encodeRecords(d.book.records())
	if err != nil { // they were decoded, or are our own
		d.report.seldom("records", slog.LevelError, "cannot tell of members that are gone", "error", err)
	}
	return data
}

// MergeRemoteState implements memberlist.Delegate.
func (d *delegate) MergeRemoteState(data []byte, _ bool) {
	records, err := decodeRecords(data)
	if err != nil {
		d.malformed("records", err)
		return
	}
	for _, r := range records {
		if n := (newcomer{r.Name, r.Addr, r.Meta}); checkPool(d.cfg.WAN, d.cfg.Datacenter, n) != nil {
			return // of a cluster that NotifyMerge refuses to join
		}
	}
	for _, c := range d.book.merge(records) {
		d.contest(c)
	}
}

// contest tells a member that its run is said to be over, or objects, if it is this agent.
func (d *delegate) contest(c departure) {
	if c.Name == d.cfg.Name {
		d.object(c.Run)
		return
	}
	d.spread(c, nil)
}

// NotifyJoin implements memberlist.EventDelegate.
func (d *delegate) NotifyJoin(n *memberlist.Node) { d.heard(n) }

// NotifyUpdate implements memberlist.EventDelegate.
func (d *delegate) NotifyUpdate(n *memberlist.Node) { d.heard(n) }

func (d *delegate) heard(n *memberlist.Node) {
	c, err := read(n)
	if err != nil {
		d.malformed("member", err) // NotifyAlive let it in: cannot be
		return
	}
	if dep, contested := d.book.heard(c.name, c.at, c.meta); contested {
		d.contest(dep)
	}
}

// NotifyLeave implements memberlist.EventDelegate: of members that left and of those that failed.
func (d *delegate) NotifyLeave(n *memberlist.Node) {
	d.book.gone(n.Name)
	if d.survey != nil {
		d.survey.forget(n.Name)
	}
}

// NotifyAlive implements memberlist.AliveDelegate: it decides about each member one hears of.
func (d *delegate) NotifyAlive(n *memberlist.Node) error {
	c, err := read(n)
	if err != nil {
		return d.refuse(&refusal{metrics.RefusedStranger, "member " + n.Name + ": " + err.Error()})
	}
	if r := checkPool(d.cfg.WAN, d.cfg.Datacenter, c); r != nil {
		return d.refuse(r)
	}
	for _, h := range d.book.contenders(c) {
		if r := checkHolder(h, c); r != nil {
			return d.refuse(r)
		}
	}
	return nil
}

// NotifyMerge implements memberlist.MergeDelegate: it decides whether this agent
// joins the peers of another, or lets another join. What one newcomer may not be
// called is NotifyAlive's to decide; here this agent only looks for itself.
func (d *delegate) NotifyMerge(peers []*memberlist.Node) error {
	for _, n := range peers {
		if n.State != memberlist.StateAlive && n.State != memberlist.StateSuspect {
			continue
		}
		c, err := read(n)
		if err != nil {
			return d.refuse(&refusal{metrics.RefusedStranger, "member " + n.Name + ": " + err.Error()})
		}
		if r := checkPool(d.cfg.WAN, d.cfg.Datacenter, c); r != nil {
			return d.refuse(r)
		}
		me := newcomer{d.cfg.Name, d.at, d.current()}
		if r := checkHolder(holder{name: c.name, id: c.meta.ID, at: c.at}, me); r != nil {
			return d.refuse(r)
		}
		if c.name == me.name {
			d.displaced.Store(c.at != me.at)
		}
	}
	return nil
}

// NotifyConflict implements memberlist.ConflictDelegate: a living member's name
// and id (or NotifyAlive had refused it) turn up at another address. It moved and
// is taken over when the old address is found dead, or a data directory was copied.
func (d *delegate) NotifyConflict(existing, other *memberlist.Node) {
	a, errA := read(existing)
	b, errB := read(other)
	if errA != nil || errB != nil {
		d.malformed("member", errors.Join(errA, errB))
		return
	}
	if a.name == d.cfg.Name {
		d.displaced.Store(true)
	}
	d.cfg.Metrics.Refused(metrics.RefusedName)
	d.report.seldom("conflict", slog.LevelError, "member is known at one address and speaks from another: it moved, or its data directory was copied",
		"member", a.name, "id", a.meta.ID, "address", a.at.String(), "other_id", b.meta.ID, "other_address", b.at.String())
}

func (p *Pool) refuse(r *refusal) error {
	p.cfg.Metrics.Refused(r.why)
	p.report.seldom(string(r.why), slog.LevelError, "gossip member refused", "reason", r.text)
	return r
}

func (p *Pool) malformed(what string, err error) {
	p.cfg.Metrics.Refused(metrics.RefusedMalformed)
	p.report.seldom("malformed", slog.LevelWarn, "gossip refused: not understood", "part", what, "error", err)
}

func read(n *memberlist.Node) (newcomer, error) {
	m, err := decodeMeta(n.Meta)
	if err != nil {
		return newcomer{}, err
	}
	addr, ok := netip.AddrFromSlice(n.Addr)
	if !ok || n.Port == 0 {
		return newcomer{}, errors.New("has no address")
	}
	return newcomer{n.Name, netip.AddrPortFrom(addr.Unmap(), n.Port), m}, nil
}
