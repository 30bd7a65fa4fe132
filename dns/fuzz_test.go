package dns_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"testing"

	mdns "github.com/miekg/dns"

	"muster/dns"
	"muster/dns/dnstest"
)

// FuzzMessage holds of every message: no panic (which the handler would turn into
// SERVFAIL), silence for responses and scraps only, replies that unpack, that keep id and
// opcode, and that fit what the client can take.
func FuzzMessage(f *testing.F) {
	h := handler(f, current(dnstest.Catalog(f, world)), func(c *dns.Config) { c.EnableChaos, c.NSID = true, "x" })
	for _, ask := range []string{"web.service.consul. SRV", "consul. SOA", "n1.node.consul. ANY", "11.0.0.10.in-addr.arpa. PTR",
		"loop-a.service.consul. A", "version.bind. TXT CH"} {
		m := new(mdns.Msg)
		dnstest.Question(f, m, ask)
		plain, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		m.SetEdns0(4096, true)
		withOPT, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(plain, true)
		f.Add(withOPT, false)
	}
	for i, c := range matrix() {
		f.Add(c.message(f, uint16(i)), i%2 == 0)
	}
	cache, out := h.NewCache(true, 1), make([]byte, 4096)
	f.Fuzz(func(t *testing.T, query []byte, udp bool) {
		if err := checkReply(query, dnstest.Exchange(h, query, udp), udp); err != nil {
			t.Fatal(err)
		}
		if n, ok := cache.Answer(out, query, netip.MustParseAddr("127.0.0.1")); ok {
			if err := checkReply(query, out[:n], true); err != nil {
				t.Fatalf("fast path: %v", err)
			}
		}
	})
}

// checkReply holds of one reply what is said of all of them.
func checkReply(query, reply []byte, udp bool) error {
	if silent := len(query) < 12 || query[2]&0x80 != 0; silent != (reply == nil) {
		return fmt.Errorf("reply to %x: %x", query, reply)
	} else if silent {
		return nil
	}
	m := new(mdns.Msg)
	if err := m.Unpack(reply); err != nil {
		return fmt.Errorf("reply to %x is %x: %v", query, reply, err)
	}
	switch {
	case m.Id != binary.BigEndian.Uint16(query) || m.Opcode != int(query[2]>>3&0xf) || !m.Response:
		return fmt.Errorf("reply to %x begins %x", query, reply[:12])
	case udp && len(reply) > 1232:
		return fmt.Errorf("%d octets over UDP to %x", len(reply), query)
	case m.Rcode == mdns.RcodeServerFailure:
		return fmt.Errorf("a local question failed, %x: %s", query, m)
	}
	return nil
}

// FuzzFraming holds of every run of octets over TCP, however it is cut up: each message that is no
// response, up to the first length that no query has, gets one reply, whole; then the connection ends.
func FuzzFraming(f *testing.F) {
	s, _ := serve(f, current(dnstest.Catalog(f, world)), func(c *dns.Config) { c.Addrs, c.Limits.ConnsPerHost = nil, 1000 })
	query := frame(f, 7, "web.service.consul.")
	for _, seed := range [][]byte{
		query, bytes.Repeat(query, 3), query[:5], {0}, {0, 0}, {0, 12}, {0xff, 0xff, 1}, append(bytes.Clone(query), 0, 3, 1, 2, 3),
		append([]byte{0, 12, 0, 1, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0}, query...), []byte("GET / HTTP/1.0\r\n\r\n"),
	} {
		f.Add(seed, byte(0))
		f.Add(seed, byte(2))
	}
	f.Fuzz(func(t *testing.T, sent []byte, cut byte) {
		conn := connect(t, s, stranger)
		defer conn.Close()
		go func() {
			for piece := range slices.Chunk(sent, int(cut)+1) {
				if _, err := conn.Write(piece); err != nil {
					return // the server has seen enough
				}
			}
			_ = conn.CloseWrite()
		}()
		var got []uint16
		for {
			id, err := nextID(conn)
			if errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%x: %v", sent, err)
			}
			got = append(got, id)
		}
		want := idsOf(sent)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("%x: replies to %x, want %x", sent, got, want)
		}
	})
}

// idsOf returns, sorted, the ids of the messages in a run of octets that are to be answered.
func idsOf(sent []byte) (ids []uint16) {
	for len(sent) >= 2 {
		n := int(binary.BigEndian.Uint16(sent))
		if n < 12 || n > 4096 || len(sent)-2 < n {
			break
		}
		if sent[4]&0x80 == 0 {
			ids = append(ids, binary.BigEndian.Uint16(sent[2:]))
		}
		sent = sent[2+n:]
	}
	slices.Sort(ids)
	return ids
}
