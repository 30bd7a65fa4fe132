//go:build linux

package fleet

import (
	"fmt"
	"net"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// Answer is what came of a question.
type Answer int

const (
	Found Answer = iota
	NoName
	Bad // any other rcode, or no record
)

// String says how the question was answered.
func (a Answer) String() string { return [...]string{"with records", "NXDOMAIN", "badly"}[a] }

// Ask sends one question over UDP and waits for its answer.
func Ask(addr, name string, wait time.Duration) (Answer, error) {
	conn, err := net.Dial("udp", addr)
	if err != nil {
		return Bad, err
	}
	defer conn.Close()
	return AskOn(conn, 1, name, wait)
}

// AskOn sends one question over a connection and waits for the answer with its id.
func AskOn(conn net.Conn, id uint16, name string, wait time.Duration) (Answer, error) {
	qname, err := dnsmessage.NewName(name + ".")
	if err != nil {
		return Bad, err
	}
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: id},
		Questions: []dnsmessage.Question{{Name: qname, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}},
	}
	query, err := m.Pack()
	if err != nil {
		return Bad, err
	}
	if err := conn.SetDeadline(time.Now().Add(wait)); err != nil {
		return Bad, err
	}
	if _, err := conn.Write(query); err != nil {
		return Bad, err
	}
	buf := make([]byte, 1500)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return Bad, err
		}
		if err := m.Unpack(buf[:n]); err != nil {
			return Bad, err
		}
		if m.ID != id {
			continue // late, and counted already
		}
		switch {
		case m.RCode == dnsmessage.RCodeSuccess && len(m.Answers) > 0:
			return Found, nil
		case m.RCode == dnsmessage.RCodeNameError:
			return NoName, nil
		}
		return Bad, fmt.Errorf("%s with %d records", m.RCode, len(m.Answers))
	}
}
