package dns

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// replyText makes a reply from zone text, its sections parted by "--".
func replyText(t testing.TB, rcode int, name, text string) *dns.Msg {
	t.Helper()
	m := &dns.Msg{MsgHdr: dns.MsgHdr{Id: 7, Response: true, Rcode: rcode}, Compress: true,
		Question: []dns.Question{{Name: name, Qtype: dns.TypeA, Qclass: dns.ClassINET}}}
	sections := []*[]dns.RR{&m.Answer, &m.Ns, &m.Extra}
	for i, part := range strings.Split(text, "--") {
		for line := range strings.SplitSeq(strings.TrimSpace(part), "\n") {
			rr, err := dns.NewRR(strings.TrimSpace(line))
			if err != nil {
				t.Fatal(err)
			}
			if rr != nil {
				*sections[i] = append(*sections[i], rr)
			}
		}
	}
	return m
}

func TestLifeOf(t *testing.T) {
	const soa = "example. 300 SOA ns.example. h.example. 1 2 3 4 60"
	for name, c := range map[string]struct {
		rcode    int
		qtype    uint16
		text     string
		life     time.Duration
		negative bool
	}{
		"one record":               {0, dns.TypeA, "a.example. 30 A 192.0.2.1", 30 * time.Second, false},
		"the shortest of all":      {0, dns.TypeA, "a.example. 30 A 192.0.2.1 -- example. 20 NS ns.example. -- ns.example. 10 A 192.0.2.2", 10 * time.Second, false},
		"a chain":                  {0, dns.TypeA, "a.example. 5 CNAME b.example.\nb.example. 60 A 192.0.2.1", 5 * time.Second, false},
		"the alias itself":         {0, dns.TypeCNAME, "a.example. 5 CNAME b.example.", 5 * time.Second, false},
		"TTL 0":                    {0, dns.TypeA, "a.example. 0 A 192.0.2.1", 0, false},
		"TTL out of range":         {0, dns.TypeA, "a.example. 2147483648 A 192.0.2.1", 0, false},
		"a year":                   {0, dns.TypeA, "a.example. 31536000 A 192.0.2.1", maxPositive, false},
		"any":                      {0, dns.TypeANY, "a.example. 30 TXT x", 30 * time.Second, false},
		"SOA as answer":            {0, dns.TypeSOA, soa, 300 * time.Second, false},
		"NXDOMAIN":                 {3, dns.TypeA, "-- " + soa, 60 * time.Second, true},
		"NXDOMAIN, TTL is less":    {3, dns.TypeA, "-- example. 6 SOA ns.example. h.example. 1 2 3 4 60", 6 * time.Second, true},
		"NXDOMAIN without SOA":     {3, dns.TypeA, "", 0, true},
		"NXDOMAIN of the target":   {3, dns.TypeA, "a.example. 5 CNAME b.example. -- " + soa, 5 * time.Second, true},
		"NXDOMAIN for days":        {3, dns.TypeA, "-- example. 604800 SOA ns.example. h.example. 1 2 3 4 604800", maxNegative, true},
		"NODATA":                   {0, dns.TypeA, "-- " + soa, 60 * time.Second, true},
		"NODATA of the target":     {0, dns.TypeA, "a.example. 50 CNAME b.example. -- " + soa, 50 * time.Second, true},
		"referral":                 {0, dns.TypeA, "-- example. 60 NS ns.example. -- ns.example. 60 A 192.0.2.2", 0, true},
		"alias without its target": {0, dns.TypeA, "a.example. 50 CNAME b.example.", 0, true},
		"nothing":                  {0, dns.TypeA, "", 0, true},
	} {
		life, negative := lifeOf(replyText(t, c.rcode, "a.example.", c.text), c.qtype)
		if life != c.life || negative != c.negative {
			t.Errorf("%s: %s, negative %t; want %s, %t", name, life, negative, c.life, c.negative)
		}
	}
}

// keep reads a reply as if it came from an upstream.
func keep(t testing.TB, q asked, m *dns.Msg) found {
	t.Helper()
	wire, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	f, err := readReply(wire, q)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func question(t testing.TB, name string) asked {
	t.Helper()
	wire, err := wireName(name)
	if err != nil {
		t.Fatal(err)
	}
	lowerName(wire)
	return asked{name: wire, qtype: dns.TypeA}
}

// TestKeptReply follows one reply through time: it is never served past its TTL, and
// what is left of the TTL is never too much.
func TestKeptReply(t *testing.T) {
	c := newReplyCache(1 << 20)
	q := question(t, "www.example.")
	f := keep(t, q, replyText(t, 0, "wWw.eXample.", "wWw.eXample. 10 CNAME host.eXample.\nhost.eXample. 12 A 192.0.2.1 -- -- other. 15 A 192.0.2.9"))
	if size := c.put(q.key(), f, at(100)); size < len(f.wire) {
		t.Errorf("%d bytes for a reply of %d", size, len(f.wire))
	}
	for _, c2 := range []struct {
		now  float64
		ttls string
	}{{100, "10 12 15"}, {100.001, "9 11 14"}, {101, "9 11 14"}, {109, "1 3 6"}, {109.999, "0 2 5"}, {110, ""}, {109, ""}} {
		f, ok := c.get(q.key(), at(c2.now))
		if !ok {
			if c2.ttls != "" {
				t.Errorf("at %g: nothing", c2.now)
			}
			continue
		}
		spelled, _ := wireName("WWW.Example.")
		m, err := f.message(spelled, "WWW.Example.")
		if err != nil {
			t.Fatal(err)
		}
		h := m.Answer[0].Header()
		ttls := fmt.Sprint(h.Ttl, m.Answer[1].Header().Ttl, m.Extra[0].Header().Ttl)
		if ttls != c2.ttls || h.Name != "WWW.Example." || m.Answer[1].Header().Name != "host.Example." {
			t.Errorf("at %g: TTLs %s, want %s, in %v", c2.now, ttls, c2.ttls, m.Answer)
		}
	}
	if c.positive.size != 0 {
		t.Errorf("%d bytes are left of nothing", c.positive.size)
	}
}

// TestNegativeTTL holds that the SOA of a kept negative answer counts down from its minimum.
func TestNegativeTTL(t *testing.T) {
	c := newReplyCache(1 << 20)
	q := question(t, "no.example.")
	c.put(q.key(), keep(t, q, replyText(t, 3, "no.example.", "-- example. 300 SOA ns.example. h.example. 1 2 3 4 60")), at(0))
	f, ok := c.get(q.key(), at(45))
	if !ok {
		t.Fatal("gone")
	}
	if m, err := f.message(q.name, "no.example."); err != nil || m.Rcode != dns.RcodeNameError || m.Ns[0].Header().Ttl != 15 {
		t.Errorf("%v %v", m, err)
	}
	if _, ok := c.get(q.key(), at(60)); ok {
		t.Error("served past the minimum")
	}
}

func TestCacheTellsQuestionsApart(t *testing.T) {
	c := newReplyCache(1 << 20)
	base := question(t, "a.example.")
	f := keep(t, base, replyText(t, 0, "a.example.", "a.example. 30 A 192.0.2.1"))
	c.put(base.key(), f, at(0))
	for name, change := range map[string]func(*asked){
		"type": func(q *asked) { q.qtype = dns.TypeAAAA }, "do": func(q *asked) { q.do = true },
		"cd": func(q *asked) { q.cd = true }, "name": func(q *asked) { q.name = question(t, "b.example.").name },
	} {
		q := base
		change(&q)
		if _, ok := c.get(q.key(), at(1)); ok {
			t.Errorf("%s makes no difference", name)
		}
	}
	again := question(t, "A.EXAMPLE.")
	if _, ok := c.get(again.key(), at(1)); !ok {
		t.Error("letter case makes a difference")
	}
	if _, ok := c.get(base.key(), at(-1)); ok {
		t.Error("served with a clock set back")
	}
}

// TestCacheIsBounded fills a cache with random names and replies: those in use stay, and
// negative ones drive out only their like.
func TestCacheIsBounded(t *testing.T) {
	const size = 64 << 10
	c := newReplyCache(size)
	used := question(t, "used.example.")
	c.put(used.key(), keep(t, used, replyText(t, 0, "used.example.", "used.example. 3600 A 192.0.2.1")), at(0))
	negative := func(i int) {
		q := question(t, fmt.Sprintf("n%d.example.", i))
		c.put(q.key(), keep(t, q, replyText(t, 3, fmt.Sprintf("n%d.example.", i), "-- example. 300 SOA ns.example. h.example. 1 2 3 4 60")), at(1))
	}
	failure := func(i int) {
		c.put(fmt.Sprintf("f%d", i), found{err: errors.New(strings.Repeat("x", 100)), negative: true, life: failureLife}, at(1))
	}
	positive := func(i int) {
		name := fmt.Sprintf("p%d.example.", i)
		q := question(t, name)
		c.put(q.key(), keep(t, q, replyText(t, 0, name, name+" 3600 TXT "+strings.Repeat("y", 200)+"\n"+name+" 3600 A 192.0.2.1")), at(1))
	}
	for i := range 3000 {
		negative(i)
		failure(i)
		if c.positive.size+c.negative.size > size || c.negative.size > size/4 {
			t.Fatalf("%d bytes and %d negative ones after %d", c.positive.size, c.negative.size, i)
		}
	}
	if _, ok := c.get(used.key(), at(2)); !ok {
		t.Fatal("negative answers drove out a positive one")
	}
	for i := range 3000 {
		positive(i)
		if _, ok := c.get(used.key(), at(2)); !ok {
			t.Fatalf("the one in use went after %d", i)
		}
		if c.positive.size+c.negative.size > size {
			t.Fatalf("%d bytes after %d", c.positive.size+c.negative.size, i)
		}
	}
	if _, ok := c.get(question(t, "p2999.example.").key(), at(2)); !ok {
		t.Error("the last one was not kept")
	}
	if _, ok := c.get(question(t, "p0.example.").key(), at(2)); ok {
		t.Error("the first one was kept")
	}
	big := used
	big.qtype = dns.TypeTXT
	c.put(big.key(), found{wire: make([]byte, size/8), life: time.Hour}, at(2))
	if _, ok := c.get(big.key(), at(2)); ok {
		t.Error("a reply that takes the room of many was kept")
	}
	off := newReplyCache(0)
	off.put(used.key(), keep(t, used, replyText(t, 0, "used.example.", "used.example. 3600 A 192.0.2.1")), at(0))
	if _, ok := off.get(used.key(), at(0)); ok {
		t.Error("a cache of no bytes kept something")
	}
}

// TestReplacing holds that what is put in place of something leaves nothing of it.
func TestReplacing(t *testing.T) {
	c := newReplyCache(1 << 20)
	size := 0
	for i, f := range []found{
		{wire: make([]byte, 30), life: time.Hour}, {wire: make([]byte, 30), life: time.Minute},
		{wire: make([]byte, 30), life: time.Minute, negative: true}, {wire: make([]byte, 30), life: time.Minute},
	} {
		n := c.put("k", f, at(float64(i)))
		if got, ok := c.get("k", at(float64(i))); !ok || got.negative != f.negative || got.life != f.life || size > 0 && n != size {
			t.Errorf("%d: %+v, %d bytes", i, got, n)
		}
		size = n
	}
	if n := c.put("k", found{wire: make([]byte, 30)}, at(9)); n != 0 { // TTL 0
		t.Errorf("%d bytes for a reply that may not be kept", n)
	}
}

func TestFailuresAreKeptBriefly(t *testing.T) {
	c := newReplyCache(1 << 20)
	c.put("k", found{err: errors.New("all dead"), negative: true, life: failureLife}, at(0))
	if f, ok := c.get("k", at(1.9)); !ok || f.err == nil {
		t.Error("forgotten at once")
	}
	if _, ok := c.get("k", at(2)); ok {
		t.Error("kept for too long")
	}
	c.put("k", found{err: errors.New("all dead"), negative: true, life: failureLife}, at(3))
	c.put("k", found{wire: make([]byte, 30), life: time.Minute}, at(4))
	if f, ok := c.get("k", at(4)); !ok || f.err != nil {
		t.Error("a failure hid what was found after it")
	}
}
