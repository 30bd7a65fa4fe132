// Package dnstest puts questions to a DNS handler in memory and compares its
// answers with zone text.
package dnstest

import (
	"context"
	"net/netip"
	"testing"

	mdns "github.com/miekg/dns"

	"muster/dns"
)

// Writer is a client in memory: it keeps the replies it is sent.
type Writer struct {
	From    netip.Addr
	OverUDP bool
	Replies [][]byte
}

// Client implements dns.ResponseWriter.
func (w *Writer) Client() netip.Addr { return w.From }

// UDP implements dns.ResponseWriter.
func (w *Writer) UDP() bool { return w.OverUDP }

// Write implements dns.ResponseWriter.
func (w *Writer) Write(reply []byte) error {
	w.Replies = append(w.Replies, append([]byte(nil), reply...))
	return nil
}

// Exchange sends one message from a client on loopback and returns the reply, nil if there was none.
func Exchange(h *dns.Handler, wire []byte, udp bool) []byte {
	w := &Writer{From: netip.MustParseAddr("127.0.0.1"), OverUDP: udp}
	return w.exchange(h, wire)
}

func (w *Writer) exchange(h *dns.Handler, wire []byte) []byte {
	h.ServeWire(context.Background(), w, wire)
	if len(w.Replies) == 0 {
		return nil
	}
	return w.Replies[len(w.Replies)-1]
}

// Ask sends a question such as "web.service.consul. SRV" and returns the reply and its size.
func Ask(t testing.TB, h *dns.Handler, c Case) (*mdns.Msg, int) {
	t.Helper()
	query := c.query(t)
	wire, err := query.Pack()
	if err != nil {
		t.Fatalf("pack %s: %v", c.Ask, err)
	}
	from := netip.MustParseAddr("127.0.0.1")
	if c.From != "" {
		from = netip.MustParseAddr(c.From)
	}
	w := &Writer{From: from, OverUDP: !c.TCP}
	out := w.exchange(h, wire)
	if len(w.Replies) != 1 {
		t.Fatalf("%s: %d replies, want 1", c.Ask, len(w.Replies))
	}
	reply := new(mdns.Msg)
	if err := reply.Unpack(out); err != nil {
		t.Fatalf("%s: reply does not unpack: %v", c.Ask, err)
	}
	if reply.Id != query.Id || len(reply.Question) != 1 || reply.Question[0] != query.Question[0] {
		t.Errorf("%s: reply has id %d and question %v", c.Ask, reply.Id, reply.Question)
	}
	if most := c.limit(); len(out) > most {
		t.Errorf("%s: reply has %d octets, %d are allowed", c.Ask, len(out), most)
	}
	return reply, len(out)
}
