package dns

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// recursor puts questions to upstream resolvers. It remembers nothing between questions.
type recursor struct {
	upstreams []netip.AddrPort
	random    bool
	timeout   time.Duration
}

// newRecursor returns nil when a validated configuration names no recursors.
func newRecursor(cfg Config) *recursor {
	if len(cfg.Recursors) == 0 {
		return nil
	}
	r := &recursor{random: cfg.RecursorStrategy == Random, timeout: cfg.RecursorTimeout}
	for _, s := range cfg.Recursors {
		if a, err := recursorAddr(s); err == nil { // validated
			r.upstreams = append(r.upstreams, a)
		}
	}
	return r
}

// resolve asks one upstream after another until one says NOERROR or NXDOMAIN.
// The reply's OPT and TSIG records, which concern one hop only, are taken off.
func (r *recursor) resolve(ctx context.Context, question dns.Question, cd, do bool) (*dns.Msg, error) {
	var failures []string
	for _, u := range r.order() {
		m, err := r.exchange(ctx, u, question, cd, do)
		if err == nil && m.Rcode != dns.RcodeSuccess && m.Rcode != dns.RcodeNameError {
			err = fmt.Errorf("says %s", rcodeName(m.Rcode))
		}
		if err == nil {
			m.Extra = withoutHop(m.Extra)
			return m, nil
		}
		failures = append(failures, fmt.Sprintf("recursor %s: %v", u, err))
		if ctx.Err() != nil {
			break
		}
	}
	return nil, errors.New(strings.Join(failures, "; "))
}

func (r *recursor) order() []netip.AddrPort {
	if !r.random {
		return r.upstreams
	}
	out := make([]netip.AddrPort, len(r.upstreams))
	for i, j := range rand.Perm(len(out)) {
		out[i] = r.upstreams[j]
	}
	return out
}

// exchange asks one upstream over UDP, and again over TCP when the reply is cut short.
func (r *recursor) exchange(ctx context.Context, to netip.AddrPort, question dns.Question, cd, do bool) (*dns.Msg, error) {
	m := &dns.Msg{
		MsgHdr:   dns.MsgHdr{Id: uint16(rand.Uint32()), RecursionDesired: true, CheckingDisabled: cd},
		Question: []dns.Question{question},
		Extra:    []dns.RR{opt(do)},
	}
	reply, err := r.over(ctx, "udp", to, m)
	if err == nil && reply.Truncated {
		m.Id = uint16(rand.Uint32())
		reply, err = r.over(ctx, "tcp", to, m)
	}
	return reply, err
}

// over sends a query on a socket of its own, whose port the kernel draws at random,
// and waits for the reply that belongs to it. Others are ignored: they are late or forged.
func (r *recursor) over(ctx context.Context, network string, to netip.AddrPort, m *dns.Msg) (*dns.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	c := &dns.Client{Net: network, UDPSize: ownSize}
	conn, err := c.DialContext(ctx, to.String())
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return nil, err
	}
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	if err := conn.WriteMsg(m); err != nil {
		return nil, err
	}
	conn.UDPSize = ownSize
	for {
		reply, err := conn.ReadMsg()
		if err == nil && echoes(m, reply) {
			return reply, nil
		}
		if err == nil && network == "tcp" {
			return nil, errors.New("reply does not belong to the query")
		}
		if _, parse := errors.AsType[*dns.Error](err); err != nil && (!parse || network == "tcp") {
			return nil, err
		}
	}
}

// echoes reports whether a reply carries a query's id and question, letter case included.
func echoes(m, reply *dns.Msg) bool {
	return reply.Response && reply.Id == m.Id && reply.Opcode == m.Opcode &&
		len(reply.Question) == 1 && reply.Question[0] == m.Question[0]
}

// withoutHop takes off the records that concern one hop only.
func withoutHop(extra []dns.RR) []dns.RR {
	var out []dns.RR
	for _, rr := range extra {
		if t := rr.Header().Rrtype; t != dns.TypeOPT && t != dns.TypeTSIG && t != dns.TypeSIG {
			out = append(out, rr)
		}
	}
	return out
}
