package dns_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	mdns "github.com/miekg/dns"

	"muster/catalog"
	"muster/dns"
	"muster/dns/dnstest"
)

// plainFrame is a plain query as TCP carries it.
func plainFrame(t testing.TB, id uint16, name string, qtype uint16) []byte {
	t.Helper()
	m := new(mdns.Msg)
	m.SetQuestion(name, qtype)
	m.Id = id
	wire, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(wire))), wire...)
}

// TestPipelinedPlainQueries sends plain queries and others mixed, in one piece, in pieces cut anywhere, and
// one by one: each has the reply that it has alone, and the plain ones keep their order.
func TestPipelinedPlainQueries(t *testing.T) {
	var sent []byte
	var plain []uint16
	questions := []struct {
		name  string
		qtype uint16
	}{{"web.service.consul.", mdns.TypeA}, {"WEB.service.consul.", mdns.TypeSRV}, {"nope.service.consul.", mdns.TypeA}, {"consul.", mdns.TypeSOA}}
	want := map[uint16]string{}
	for id := uint16(1); id <= 60; id++ {
		q := questions[int(id)%len(questions)]
		rcode := "NOERROR"
		if q.name == "nope.service.consul." {
			rcode = "NXDOMAIN"
		}
		want[id] = q.name + " " + rcode
		if id%7 == 0 {
			want[id] = "web.service.consul. NOERROR"
			sent = append(sent, frame(t, id, "web.service.consul.")...)
			continue
		}
		plain = append(plain, id)
		sent = append(sent, plainFrame(t, id, q.name, q.qtype)...)
	}
	for name, piece := range map[string]int{"in one piece": len(sent), "in pieces of 5": 5, "octet by octet": 1, "in pieces of 50": 50} {
		t.Run(name, func(t *testing.T) {
			s, _ := serve(t, current(dnstest.Catalog(t, world)), nil)
			conn := dial(t, s)
			go func() {
				for rest := sent; len(rest) > 0; {
					n := min(piece, len(rest))
					if _, err := conn.Write(rest[:n]); err != nil {
						return
					}
					rest = rest[n:]
				}
			}()
			var order []uint16
			for range want {
				m := nextReply(t, conn)
				if got := m.Question[0].Name + " " + mdns.RcodeToString[m.Rcode]; got != want[m.Id] {
					t.Errorf("reply %d is for %s, want %s", m.Id, got, want[m.Id])
				}
				if m.Id%7 != 0 {
					order = append(order, m.Id)
				}
			}
			for i, id := range plain {
				if order[i] != id {
					t.Fatalf("plain replies came in the order %v", order)
				}
			}
		})
	}
}

func nextReply(t *testing.T, conn net.Conn) *mdns.Msg {
	t.Helper()
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		t.Fatal(err)
	}
	wire := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(conn, wire); err != nil {
		t.Fatal(err)
	}
	m := new(mdns.Msg)
	if err := m.Unpack(wire); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestUnreadPlainReplies holds that a client that sends plain queries and never reads is cut off
// in the write time, and holds up nobody meanwhile.
func TestUnreadPlainReplies(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, s *dns.Server, _ *slow) {
		deaf, other := connect(t, s, stranger), connect(t, s, "203.0.113.10")
		start := time.Now()
		var asking sync.WaitGroup
		asking.Go(func() {
			query := bytes.Repeat(plainFrame(t, 1, "web.service.consul.", mdns.TypeA), 10)
			for {
				if _, err := deaf.Write(query); err != nil {
					return
				}
			}
		})
		synctest.Wait()
		if _, err := other.Write(plainFrame(t, 2, "web.service.consul.", mdns.TypeA)); err != nil {
			t.Fatal(err)
		}
		if id, err := nextID(other); id != 2 || err != nil || time.Since(start) != 0 {
			t.Errorf("another client: id %d, %v, after %s", id, err, time.Since(start))
		}
		asking.Wait()
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("cut off after %s", took)
		}
	})
}

// TestPlainOverTCPSeesChanges asks again and again over one connection while the catalog changes.
func TestPlainOverTCPSeesChanges(t *testing.T) {
	state := dnstest.Catalog(t, "node n1 10.0.0.1\nservice n1 only status=passing")
	check := state.Snapshot().ChecksOfService("only")[0]
	s, _ := serve(t, live{state}, nil)
	conn := dial(t, s)
	for i := range 20 {
		status := []catalog.Status{catalog.Critical, catalog.Passing}[i%2]
		if _, err := state.Apply(state.Applied()+1, &catalog.SetStatus{Node: "n1", CheckID: check.ID, Status: status}); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write(plainFrame(t, uint16(i), "only.service.consul.", mdns.TypeA)); err != nil {
			t.Fatal(err)
		}
		want := map[catalog.Status]int{catalog.Critical: mdns.RcodeNameError, catalog.Passing: mdns.RcodeSuccess}[status]
		if m := nextReply(t, conn); m.Rcode != want {
			t.Fatalf("round %d, %s: %s", i, status, mdns.RcodeToString[m.Rcode])
		}
	}
}
