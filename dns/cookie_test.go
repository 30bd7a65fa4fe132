package dns

import (
	"encoding/hex"
	"net/netip"
	"slices"
	"testing"
	"time"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func secret(t testing.TB, s string) (k [16]byte) {
	t.Helper()
	copy(k[:], unhex(t, s))
	return k
}

// TestSipHash24 has vectors of the authors' reference: key 00 01 ... 0f, data 00 01 ... of each length.
func TestSipHash24(t *testing.T) {
	key := secret(t, "000102030405060708090a0b0c0d0e0f")
	data := make([]byte, 64)
	for i := range data {
		data[i] = byte(i)
	}
	for n, want := range map[int]uint64{
		0: 0x726fdb47dd0e0e31, 1: 0x74f839c593dc67fd, 2: 0x0d6c8009d9a94f5a, 3: 0x85676696d7fb7e2d,
		7: 0xab0200f58b01d137, 8: 0x93f5f5799a932462, 15: 0xa129ca6149be45e5, 63: 0x958a324ceb064572,
	} {
		if got := sipHash24(key, data[:n]); got != want {
			t.Errorf("%d octets: %016x, want %016x", n, got, want)
		}
	}
}

// TestCookieVectors are the conversations of RFC 9018, appendix A.
func TestCookieVectors(t *testing.T) {
	const old, young = "dd3bdf9344b678b185a6f5cb60fca715", "445536bcd2513298075a5d379663c962"
	const first = "e5e973e5a6b2a43f48e7dc849e37bfcf"
	for name, c := range map[string]struct {
		current, previous string
		from              string
		query             string
		now               int64
		state             cookieState
		reply             string
	}{
		"A.1 learning": {
			current: first, from: "198.51.100.100", now: 1559731985,
			query: "2464c4abcf10c957", state: clientCookie,
			reply: "2464c4abcf10c957010000005cf79f111f8130c3eee29480",
		},
		"A.2 renewed after 40 minutes": {
			current: first, from: "198.51.100.100", now: 1559734385,
			query: "2464c4abcf10c957010000005cf79f111f8130c3eee29480", state: goodCookie,
			reply: "2464c4abcf10c957010000005cf7a871d4a564a1442aca77",
		},
		"A.3 reserved octets count, and it is too old": {
			current: first, from: "203.0.113.203", now: 1559734700,
			query: "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5", state: badCookie,
			reply: "fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e",
		},
		"A.4 secret rolled over": {
			current: young, previous: old, from: "2001:db8:220:1:59de:d0f4:8769:82b8", now: 1559741961,
			query: "22681ab97d52c298010000005cf7c57926556bd0934c72f8", state: goodCookie,
			reply: "22681ab97d52c298010000005cf7c609a6bb79d16625507a",
		},
	} {
		t.Run(name, func(t *testing.T) {
			now, from := time.Unix(c.now, 0), netip.MustParseAddr(c.from)
			j := newCookieJar(now)
			j.secrets.Store(&cookieSecrets{current: secret(t, c.current), previous: secret(t, c.previous), since: now})
			state, reply := j.answer(unhex(t, c.query), from, now)
			if state != c.state || hex.EncodeToString(reply) != c.reply {
				t.Errorf("state %d, reply %x; want %d, %s", state, reply, c.state, c.reply)
			}
		})
	}
	// The hash of A.3 is good: only its age is not.
	s := cookieSecrets{current: secret(t, first)}
	state, _ := s.judge(unhex(t, "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5"), netip.MustParseAddr("203.0.113.203"), time.Unix(1559728000, 0))
	if state != goodCookie {
		t.Errorf("A.3 in its time: state %d", state)
	}
}

func TestCookieLife(t *testing.T) {
	born := time.Unix(1<<32-100, 0) // the timestamp wraps soon after
	from := netip.MustParseAddr("192.0.2.1")
	j := newCookieJar(born)
	_, made := j.answer(unhex(t, "0102030405060708"), from, born)
	damaged := slices.Clone(made)
	damaged[20] ^= 1
	for name, c := range map[string]struct {
		cookie []byte
		from   netip.Addr
		after  time.Duration
		state  cookieState
		same   bool // the reply repeats it
	}{
		"fresh":           {made, from, time.Second, goodCookie, true},
		"mapped address":  {made, netip.MustParseAddr("::ffff:192.0.2.1"), time.Second, goodCookie, true},
		"half an hour":    {made, from, cookieRenew, goodCookie, true},
		"a little older":  {made, from, cookieRenew + time.Second, goodCookie, false},
		"an hour":         {made, from, cookieAge, goodCookie, false},
		"too old":         {made, from, cookieAge + time.Second, badCookie, false},
		"clock set back":  {made, from, -cookieAhead, goodCookie, true},
		"from the future": {made, from, -cookieAhead - time.Second, badCookie, false},
		"another address": {made, netip.MustParseAddr("192.0.2.2"), time.Second, badCookie, false},
		"damaged":         {damaged, from, time.Second, badCookie, false},
		"another length":  {made[:20], from, time.Second, badCookie, false},
		"another version": {append(slices.Clone(made[:8]), append([]byte{2}, made[9:]...)...), from, 0, badCookie, false},
	} {
		state, reply := j.answer(c.cookie, c.from, born.Add(c.after))
		if same := slices.Equal(reply, c.cookie); state != c.state || same != c.same {
			t.Errorf("%s: state %d, repeated %t; want %d, %t", name, state, same, c.state, c.same)
		}
		if again, _ := j.answer(reply, c.from, born.Add(c.after)); again != goodCookie {
			t.Errorf("%s: the reply's own cookie is in state %d", name, again)
		}
	}
}

// TestCookieSecrets holds that secrets turn once a day, and that the one before is still good then.
func TestCookieSecrets(t *testing.T) {
	now, from := time.Unix(1_700_000_000, 0), netip.MustParseAddr("2001:db8::1")
	j := newCookieJar(now)
	now = now.Add(secretAge - time.Minute)
	_, made := j.answer(unhex(t, "0102030405060708"), from, now)
	before := j.at(now)
	now = now.Add(2 * time.Minute)
	if j.at(now) == before || j.at(now) != j.at(now.Add(time.Hour)) {
		t.Error("secrets did not turn once")
	}
	if state, reply := j.answer(made, from, now); state != goodCookie || slices.Equal(reply, made) {
		t.Errorf("a cookie of the previous secret: state %d, renewed %t", state, !slices.Equal(reply, made))
	}
	if other := newCookieJar(now); other.at(now).current == j.at(now).current {
		t.Error("two servers share a secret")
	}
	for n := range 60 {
		if want := n == 8 || n >= 16 && n <= 40; cookieOption(make([]byte, n)).wellFormed() != want {
			t.Errorf("length %d: well-formed %t", n, !want)
		}
	}
}
