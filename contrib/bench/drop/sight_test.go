//go:build linux

package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// answerWith packs an answer with an A record for each last number.
func answerWith(t *testing.T, h dnsmessage.Header, last ...byte) []byte {
	t.Helper()
	h.Response = true
	m := dnsmessage.Message{Header: h}
	name := dnsmessage.MustNewName("drop.service.consul.")
	m.Questions = []dnsmessage.Question{{Name: name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}}
	for _, n := range last {
		m.Answers = append(m.Answers, dnsmessage.Resource{
			Header: dnsmessage.ResourceHeader{Name: name, Class: dnsmessage.ClassINET},
			Body:   &dnsmessage.AResource{A: [4]byte{127, 1, 2, n}},
		})
	}
	out, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestShownBy(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer []byte
		want   set
		err    string
	}{
		{"some", answerWith(t, dnsmessage.Header{}, firstIP, firstIP+2, firstIP+instances-1), 1 | 1<<2 | 1<<(instances-1), ""},
		{"others", answerWith(t, dnsmessage.Header{}, firstIP-1, firstIP+instances), 0, ""},
		{"none", answerWith(t, dnsmessage.Header{RCode: dnsmessage.RCodeNameError}), 0, ""},
		{"cut", answerWith(t, dnsmessage.Header{Truncated: true}, firstIP), 0, "truncated"},
		{"failed", answerWith(t, dnsmessage.Header{RCode: dnsmessage.RCodeServerFailure}), 0, "ServerFailure"},
		{"noise", []byte{1, 2, 3}, 0, "unpacking"},
	} {
		got, err := shownBy(c.answer, firstIP)
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %b, %v", c.name, got, err)
		}
	}
}

func TestSightKnowsSinceWhen(t *testing.T) {
	at := func(ms int) time.Time { return time.Unix(1000, 0).Add(time.Duration(ms) * time.Millisecond) }
	s := &sight{}
	for i, now := range []set{everyone, everyone, everyone &^ 2, everyone &^ 2, everyone &^ 6} {
		s.saw(now, at(i))
	}
	for i, want := range []struct {
		shown bool
		since int
	}{{true, 0}, {false, 2}, {false, 4}} {
		if shown, since := s.of(i); shown != want.shown || !since.Equal(at(want.since)) {
			t.Errorf("instance %d: shown %t since %v", i, shown, since)
		}
	}
}

func TestAwaitTakesTheLastAgent(t *testing.T) {
	at := time.Unix(1000, 0)
	first, second := &sight{}, &sight{}
	first.saw(everyone, at)
	second.saw(everyone, at)
	first.saw(everyone&^1, at.Add(2*time.Second))
	second.saw(everyone&^1, at.Add(time.Second))
	s := &service{sights: []*sight{first, second}}
	last, err := s.await(context.Background(), 0, false)
	if err != nil || !last.Equal(at.Add(2*time.Second)) {
		t.Errorf("gone at %v, %v", last, err)
	}
}

func TestRead(t *testing.T) {
	text := "# HELP a b\nmuster_catalog_index_other 3\nmuster_catalog_index 1.5e+03\n"
	if v, err := read(strings.NewReader(text), "muster_catalog_index"); err != nil || v != 1500 {
		t.Errorf("read %v, %v", v, err)
	}
	if _, err := read(strings.NewReader(text), "muster_catalog"); err == nil {
		t.Error("a figure that is not there was read")
	}
}
