package gossip

import (
	"fmt"
	"log/slog"
)

// maxAnswering bounds the key requests that are answered at a time.
const maxAnswering = 8

// answer handles the messages of other pools, one after the other.
func (p *Pool) answer() {
	gate := make(chan struct{}, maxAnswering)
	for {
		select {
		case <-p.ctx.Done():
			return
		case msg := <-p.inbox:
			if err := p.handle(msg, gate); err != nil {
				p.malformed("message", err)
			}
		}
	}
}

// handle does what a message says. An error means that it was not understood.
func (p *Pool) handle(msg []byte, gate chan struct{}) error {
	d := &decoder{rest: msg[1:]}
	switch msg[0] {
	case kindDeparture:
		m, err := decodeDeparture(d)
		if err != nil {
			return err
		}
		if m.Name == p.cfg.Name {
			if m.ID == p.cfg.ID {
				p.object(m.Run)
			}
		} else if p.book.depart(m) {
			p.spread(m, nil)
		}
	case kindKeyRequest:
		m, err := decodeKeyRequest(d)
		if err != nil {
			return err
		}
		select {
		case gate <- struct{}{}:
			p.launch(func() { defer func() { <-gate }(); p.reply(m) })
		default:
			p.report.seldom("keys", slog.LevelWarn, "too many key requests at a time: dropped", "member", m.From)
		}
	case kindKeyReply:
		m, err := decodeKeyReply(d)
		if err != nil {
			return err
		}
		p.deliver(m)
	default:
		return fmt.Errorf("kind %d is unknown", msg[0])
	}
	return nil
}

// reply does what a key request asks and tells the one who asked, which holds a
// key, or its request would not have been read.
func (p *Pool) reply(req keyRequest) {
	list := p.running()
	if list == nil {
		return
	}
	from, _, known := p.book.find(req.From)
	if !known || from.Status != Alive { // not heard of yet, or not at its new address
		from = Member{Name: req.From, Addr: req.At.Addr(), Port: req.At.Port()}
	}
	if err := list.SendReliable(node(from), p.operate(req).encode()); err != nil {
		p.report.seldom("reply", slog.LevelWarn, "cannot reply to a key request", "member", req.From, "error", err)
	}
}

// deliver hands a reply to the call that waits for it, if it still does.
func (p *Pool) deliver(r keyReply) {
	p.calls.mu.Lock()
	defer p.calls.mu.Unlock()
	if call := p.calls.open[r.ID]; call != nil {
		select {
		case call <- r:
		default: // more than there are members: somebody answers twice
		}
	}
}
