//go:build linux

package fleet

import (
	"net"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// answerer answers every question with what reply makes of its message.
func answerer(t *testing.T, reply func(*dnsmessage.Message)) string {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { conn.Close(); <-done })
	go func() {
		defer close(done)
		for buf := make([]byte, 512); ; {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if err := m.Unpack(buf[:n]); err != nil {
				t.Error(err)
				return
			}
			m.Response = true
			late := m
			late.ID--
			reply(&m)
			for _, m := range []dnsmessage.Message{late, m} {
				out, err := m.Pack()
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := conn.WriteTo(out, from); err != nil {
					return
				}
			}
		}
	}()
	return conn.LocalAddr().String()
}

func TestAsk(t *testing.T) {
	for _, c := range []struct {
		name  string
		reply func(*dnsmessage.Message)
		want  Answer
		fails bool
	}{
		{"a record", func(m *dnsmessage.Message) {
			head := dnsmessage.ResourceHeader{Name: m.Questions[0].Name, Class: dnsmessage.ClassINET}
			m.Answers = []dnsmessage.Resource{{Header: head, Body: &dnsmessage.AResource{A: [4]byte{192, 0, 2, 1}}}}
		}, Found, false},
		{"no such name", func(m *dnsmessage.Message) { m.RCode = dnsmessage.RCodeNameError }, NoName, false},
		{"no record", func(*dnsmessage.Message) {}, Bad, true},
		{"a refusal", func(m *dnsmessage.Message) { m.RCode = dnsmessage.RCodeRefused }, Bad, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Ask(answerer(t, c.reply), "api.service.consul", 10*time.Second)
			if got != c.want || (err != nil) != c.fails {
				t.Errorf("%s, %v", got, err)
			}
		})
	}
}
