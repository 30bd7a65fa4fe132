//go:build linux

package main

import (
	"fmt"
	"net"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// reply is what matters here of a server's answer.
type reply struct {
	rcode   string // as dnsperf spells it
	answers int
	size    int // octets
}

// pack returns a query as dnsperf -e sends it.
func pack(id uint16, name, qtype string) ([]byte, error) {
	types := map[string]dnsmessage.Type{"A": dnsmessage.TypeA, "SRV": dnsmessage.TypeSRV, "SOA": dnsmessage.TypeSOA}
	t, known := types[qtype]
	if !known {
		return nil, fmt.Errorf("type %q is not asked here", qtype)
	}
	qname, err := dnsmessage.NewName(strings.TrimSuffix(name, ".") + ".")
	if err != nil {
		return nil, err
	}
	var opt dnsmessage.ResourceHeader
	if err := opt.SetEDNS0(4096, dnsmessage.RCodeSuccess, false); err != nil {
		return nil, err
	}
	m := dnsmessage.Message{
		Header:      dnsmessage.Header{ID: id},
		Questions:   []dnsmessage.Question{{Name: qname, Type: t, Class: dnsmessage.ClassINET}},
		Additionals: []dnsmessage.Resource{{Header: opt, Body: &dnsmessage.OPTResource{}}},
	}
	return m.Pack()
}

// ask sends one question over UDP.
func ask(addr, name, qtype string) (reply, error) {
	query, err := pack(1, name, qtype)
	if err != nil {
		return reply{}, err
	}
	conn, err := net.Dial("udp", addr)
	if err != nil {
		return reply{}, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return reply{}, err
	}
	if _, err := conn.Write(query); err != nil {
		return reply{}, err
	}
	buf := make([]byte, 65535)
	n, err := conn.Read(buf)
	if err != nil {
		return reply{}, err
	}
	var m dnsmessage.Message
	if err := m.Unpack(buf[:n]); err != nil {
		return reply{}, fmt.Errorf("answer to %s %s: %w", name, qtype, err)
	}
	rcodes := map[dnsmessage.RCode]string{dnsmessage.RCodeSuccess: "NOERROR", dnsmessage.RCodeNameError: "NXDOMAIN"}
	rcode, known := rcodes[m.RCode]
	if !known {
		rcode = m.RCode.String()
	}
	return reply{rcode: rcode, answers: len(m.Answers), size: n}, nil
}

// verify asks a server the first and the last of a workload's questions, and
// refuses to measure it when it answers anything but what it should.
func (w *workload) verify(s *server, lines []string) error {
	want := reply{rcode: "NOERROR", answers: w.records}
	if w.records == 0 {
		want.rcode = "NXDOMAIN"
	}
	if s.name == "echo" {
		want = reply{rcode: "NOERROR"}
	}
	for _, line := range []string{lines[0], lines[len(lines)-1]} {
		name, qtype, _ := strings.Cut(line, " ")
		got, err := ask(s.addr(), name, qtype)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", s.name, line, err)
		}
		if got.size = 0; got != want {
			return fmt.Errorf("%s: %s: %s with %d records, want %s with %d", s.name, line, got.rcode, got.answers, want.rcode, want.answers)
		}
	}
	return nil
}
