package gossip

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"

	"github.com/hashicorp/memberlist"
)

// KeyReport is what the members of a pool said to an operation on their keys.
type KeyReport struct {
	Members int               // that were asked, this agent included
	Replies int               // that answered
	Keys    map[string]int    // by key in base64: how many have it
	Primary map[string]int    // how many encrypt with it
	Errors  map[string]string // by member: why it could not do it, or that it did not answer
}

// ErrNotEncrypted is in the error of key operations in a pool without a key.
var ErrNotEncrypted = errors.New("gossip is not encrypted")

// ListKeys asks all living members for their keys. Like the other operations on
// keys it returns when all have answered or ctx ends, and then an error beside the
// report if not every member did what was asked.
func (p *Pool) ListKeys(ctx context.Context) (KeyReport, error) { return p.ask(ctx, keyList, nil) }

// InstallKey gives all members a key of 16, 24 or 32 bytes to understand; they do not use it yet.
func (p *Pool) InstallKey(ctx context.Context, key []byte) (KeyReport, error) {
	if err := memberlist.ValidateKey(key); err != nil {
		return KeyReport{}, fmt.Errorf("gossip: %w", err)
	}
	return p.ask(ctx, keyInstall, key)
}

// UseKey has all members encrypt with a key that was installed. Nobody does
// unless all say that they have it: those who do not would hear no more.
func (p *Pool) UseKey(ctx context.Context, key []byte) (KeyReport, error) {
	if report, err := p.ask(ctx, keyHas, key); err != nil {
		return report, err
	}
	return p.ask(ctx, keyUse, key)
}

// RemoveKey has all members forget a key. Nobody does unless all say that they do
// not encrypt with it: one that does would be heard no more.
func (p *Pool) RemoveKey(ctx context.Context, key []byte) (KeyReport, error) {
	if report, err := p.ask(ctx, keySpare, key); err != nil {
		return report, err
	}
	return p.ask(ctx, keyRemove, key)
}

// calls are the key requests of this agent that wait for replies.
type calls struct {
	mu   sync.Mutex
	open map[uint64]chan keyReply
}

func newCalls() calls { return calls{open: map[uint64]chan keyReply{}} }

// ask has all living members do an operation on their keys and collects what they say.
func (p *Pool) ask(ctx context.Context, op keyOp, key []byte) (KeyReport, error) {
	list := p.running()
	if list == nil {
		return KeyReport{}, errNotRunning
	}
	if p.keys == nil {
		return KeyReport{}, fmt.Errorf("gossip: %w", ErrNotEncrypted)
	}
	if len(key) > maxKey {
		return KeyReport{}, fmt.Errorf("gossip: a key has at most %d bytes", maxKey)
	}
	others := p.book.others()
	req := keyRequest{ID: rand.Uint64(), From: p.cfg.Name, Op: op, Key: key, At: p.at}
	replies := make(chan keyReply, 2*len(others)+2)
	p.calls.mu.Lock()
	p.calls.open[req.ID] = replies
	p.calls.mu.Unlock()
	defer func() {
		p.calls.mu.Lock()
		delete(p.calls.open, req.ID)
		p.calls.mu.Unlock()
	}()

	waiting := map[string]bool{}
	gate := make(chan struct{}, joinWidth)
	for _, m := range others {
		waiting[m.Name] = true
		p.launch(func() {
			gate <- struct{}{}
			defer func() { <-gate }()
			if err := list.SendReliable(node(m), req.encode()); err != nil {
				p.deliver(keyReply{ID: req.ID, From: m.Name, Err: "could not be asked: " + err.Error(), unsent: true})
			}
		})
	}
	report := newKeyReport(len(others) + 1)
	p.collect(ctx, replies, waiting, report)
	report.add(p.operate(req)) // last, so that what it asks is never said with a key that others do not have yet
	for name := range waiting {
		report.Errors[name] = "did not answer"
	}
	if len(report.Errors) > 0 {
		return *report, fmt.Errorf("gossip: %d of %d members did not do it", len(report.Errors), report.Members)
	}
	return *report, nil
}

// collect takes replies off the waiting until none is left or ctx ends.
func (p *Pool) collect(ctx context.Context, replies <-chan keyReply, waiting map[string]bool, report *KeyReport) {
	for len(waiting) > 0 {
		select {
		case r := <-replies:
			if waiting[r.From] {
				delete(waiting, r.From)
				report.add(r)
			}
		case <-ctx.Done():
			return
		case <-p.ctx.Done():
			return
		}
	}
}

func newKeyReport(members int) *KeyReport {
	return &KeyReport{Members: members, Keys: map[string]int{}, Primary: map[string]int{}, Errors: map[string]string{}}
}

func (r *KeyReport) add(reply keyReply) {
	if !reply.unsent {
		r.Replies++
	}
	if reply.Err != "" {
		r.Errors[reply.From] = reply.Err
	}
	for i, k := range reply.Keys {
		text := base64.StdEncoding.EncodeToString(k)
		r.Keys[text]++
		if i == 0 {
			r.Primary[text]++
		}
	}
}

// operate does an operation on this agent's own keys.
func (p *Pool) operate(req keyRequest) keyReply {
	reply := keyReply{ID: req.ID, From: p.cfg.Name}
	if p.keys == nil {
		reply.Err = ErrNotEncrypted.Error()
		return reply
	}
	if err := p.keys.change(req.Op, req.Key); err != nil {
		reply.Err = err.Error()
	} else if req.Op == keyInstall || req.Op == keyUse || req.Op == keyRemove {
		p.report.report(slog.LevelInfo, "gossip keys changed", "operation", req.Op.String(), "asked_by", req.From)
	}
	reply.Keys = p.keys.keys()
	return reply
}

// String names the operation.
func (op keyOp) String() string {
	return [...]string{"list", "install", "use", "remove", "has", "spare"}[op]
}

// node is a member as memberlist addresses it.
func node(m Member) *memberlist.Node {
	return &memberlist.Node{Name: m.Name, Addr: net.IP(m.Addr.AsSlice()), Port: m.Port}
}
