package dns

import (
	"bytes"
	"slices"
	"testing"

	"github.com/miekg/dns"
)

func TestUpstreamQuery(t *testing.T) {
	for _, q := range []asked{
		{qtype: dns.TypeA}, {qtype: dns.TypeSRV, do: true}, {qtype: dns.TypeANY, cd: true}, {qtype: 65280, do: true, cd: true},
	} {
		for _, name := range []string{"www.example.com.", ".", `a\.b.\200.example.`} {
			q.name = question(t, name).name
			ids, spellings := map[uint16]bool{}, map[string]bool{}
			for range 50 {
				m := new(dns.Msg)
				if err := m.Unpack(q.query(true)); err != nil {
					t.Fatal(err)
				}
				o := m.IsEdns0()
				ask := m.Question[0]
				if !m.RecursionDesired || m.CheckingDisabled != q.cd || o == nil || o.Do() != q.do || o.UDPSize() != ownSize || len(o.Option) > 0 {
					t.Fatalf("%+v made %s", q, m)
				}
				if !dns.IsFqdn(ask.Name) || ask.Qtype != q.qtype || ask.Qclass != dns.ClassINET {
					t.Fatalf("%+v asks %v", q, ask)
				}
				back, _ := wireName(ask.Name)
				lowerName(back)
				if !bytes.Equal(back, q.name) {
					t.Fatalf("%s became %s", name, ask.Name)
				}
				ids[m.Id], spellings[ask.Name] = true, true
			}
			if len(ids) < 40 || name == "www.example.com." && len(spellings) < 40 {
				t.Errorf("%d ids and %d spellings in 50 queries", len(ids), len(spellings))
			}
		}
	}
	q := question(t, "www.example.com.")
	if wire := q.query(false); !bytes.Contains(wire, q.name) {
		t.Error("a plain query is not in lower case")
	}
}

func TestJudgeReply(t *testing.T) {
	q := question(t, "www.example.com.")
	query := q.query(true)
	query[headSize+1], query[headSize+2] = 'W', 'w'
	end := len(query) - 11
	for name, c := range map[string]struct {
		change func(b []byte) []byte
		want   belonging
	}{
		"the reply":        {func(b []byte) []byte { return b }, belongs},
		"with more":        {func(b []byte) []byte { return append(b, "anything"...) }, belongs},
		"without OPT":      {func(b []byte) []byte { return b[:end] }, belongs},
		"our own query":    {func(b []byte) []byte { b[2] &^= 0x80; return b }, foreign},
		"other id":         {func(b []byte) []byte { b[0]++; return b }, foreign},
		"other id, low":    {func(b []byte) []byte { b[1]++; return b }, foreign},
		"other opcode":     {func(b []byte) []byte { b[2] |= 0x10; return b }, foreign},
		"no question":      {func(b []byte) []byte { b[5] = 0; return b }, foreign},
		"many questions":   {func(b []byte) []byte { b[4] = 1; return b }, foreign},
		"other name":       {func(b []byte) []byte { b[headSize+1] = 'x'; return b }, foreign},
		"other type":       {func(b []byte) []byte { b[end-3] = 28; return b }, foreign},
		"type in the case": {func(b []byte) []byte { b[end-3] ^= 0x20; return b }, foreign},
		"other class":      {func(b []byte) []byte { b[end-1] = 3; return b }, foreign},
		"cut":              {func(b []byte) []byte { return b[:end-1] }, foreign},
		"a scrap":          {func(b []byte) []byte { return b[:1] }, foreign},
		"nothing":          {func([]byte) []byte { return nil }, foreign},
		"folded":           {func(b []byte) []byte { b[headSize+1] = 'w'; return b }, otherCase},
	} {
		reply := slices.Clone(query)
		reply[2] |= 0x80
		if got := judgeReply(query, c.change(reply)); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestLoopMarks(t *testing.T) {
	var k loopMarks
	u := &upstream{}
	long, short := question(t, "www.example.com."), question(t, "a.example.")
	query := long.query(true)
	for !marked(string(query[headSize : len(query)-11])) { // in the one case in 8192 that chance drew one case only
		query = long.query(true)
	}
	release := k.add(query, u)
	spelled := query[headSize : headSize+len(long.name)]
	if k.back(spelled, dns.TypeA) != u {
		t.Error("our own question is not known again")
	}
	other := bytes.Clone(spelled)
	other[1] ^= 0x20
	if k.back(other, dns.TypeA) != nil || k.back(spelled, dns.TypeAAAA) != nil || k.back(long.name, dns.TypeA) != nil {
		t.Error("another question is taken for ours")
	}
	release()
	if k.back(spelled, dns.TypeA) != nil {
		t.Error("known after it is over")
	}
	query = short.query(true)
	defer k.add(query, u)()
	plain := long.query(false)
	defer k.add(plain, u)()
	if k.back(query[headSize:headSize+len(short.name)], dns.TypeA) != nil || k.back(long.name, dns.TypeA) != nil {
		t.Error("a spelling that others may choose is taken for ours")
	}
}
