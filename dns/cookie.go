package dns

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// secretAge is how long a secret makes new cookies. It stays good for checking as long again,
	// which is longer than any cookie it made.
	secretAge = 24 * time.Hour
	// cookieAge is how long a server cookie is good, and cookieAhead how far in the future
	// its time may lie (RFC 9018 section 4.3).
	cookieAge   = time.Hour
	cookieAhead = 5 * time.Minute
	// cookieRenew is the age from which a good cookie is answered with a new one.
	cookieRenew = cookieAge / 2

	clientCookieSize = 8
	serverCookieSize = 16
	// Server cookies of others are 8 to 32 octets long (RFC 7873 section 4).
	leastServerCookie, mostServerCookie = 8, 32
)

// cookieOption is a COOKIE option's data: the client's cookie, then the server's if the client has one.
type cookieOption []byte

// wellFormed reports whether the option has a length it may have (RFC 7873 section 5.2.2).
func (o cookieOption) wellFormed() bool {
	server := len(o) - clientCookieSize
	return server == 0 || server >= leastServerCookie && server <= mostServerCookie
}

// cookieState is what a query's COOKIE option tells of the client.
type cookieState int

const (
	noCookie     cookieState = iota // no option
	clientCookie                    // the client knows no server cookie yet
	badCookie                       // a server cookie that is none of ours, or too old
	goodCookie                      // the client received it at this address: the address is not forged
)

// cookieSecrets are the keys of server cookies.
type cookieSecrets struct {
	current, previous [16]byte // previous is all zero when there was none
	since             time.Time
}

// make returns the server cookie for a client (RFC 9018 section 4).
func (s *cookieSecrets) make(client []byte, from netip.Addr, now time.Time) [serverCookieSize]byte {
	c := [serverCookieSize]byte{0: 1} // version, three octets reserved
	binary.BigEndian.PutUint32(c[4:], uint32(now.Unix()))
	binary.LittleEndian.PutUint64(c[8:], cookieHash(s.current, client, c[:8], from))
	return c
}

// judge tells what an option is worth at a time, and whether a good one is due for renewal.
func (s *cookieSecrets) judge(o cookieOption, from netip.Addr, now time.Time) (state cookieState, renew bool) {
	client, server := o[:clientCookieSize], o[clientCookieSize:]
	switch {
	case len(server) == 0:
		return clientCookie, true
	case len(server) != serverCookieSize || server[0] != 1:
		return badCookie, true
	}
	// The difference is one of serial numbers, which the year 2106 does not end (RFC 9018 section 4.3).
	age := time.Duration(int32(uint32(now.Unix())-binary.BigEndian.Uint32(server[4:]))) * time.Second
	if age > cookieAge || age < -cookieAhead {
		return badCookie, true
	}
	if matches(s.current, client, server, from) {
		return goodCookie, age > cookieRenew
	}
	if s.previous != [16]byte{} && matches(s.previous, client, server, from) {
		return goodCookie, true
	}
	return badCookie, true
}

func matches(secret [16]byte, client, server []byte, from netip.Addr) bool {
	var want [8]byte
	binary.LittleEndian.PutUint64(want[:], cookieHash(secret, client, server[:8], from))
	return subtle.ConstantTimeCompare(want[:], server[8:]) == 1
}

// cookieHash hashes the client's cookie, the clear part of the server's and the client's address.
func cookieHash(secret [16]byte, client, clear []byte, from netip.Addr) uint64 {
	var b [clientCookieSize + 8 + 16]byte
	in := append(append(b[:0], client...), clear...)
	if a := from.Unmap(); a.Is4() {
		v4 := a.As4()
		in = append(in, v4[:]...)
	} else {
		v6 := a.As16()
		in = append(in, v6[:]...)
	}
	return sipHash24(secret, in)
}

// cookieJar holds the secrets of one server and replaces them in time. They are drawn
// anew at each start: a cookie of an earlier run is a bad one and gets a good one in return.
type cookieJar struct {
	secrets atomic.Pointer[cookieSecrets]
	turning sync.Mutex
}

func newCookieJar(now time.Time) *cookieJar {
	j := new(cookieJar)
	j.secrets.Store(&cookieSecrets{current: newSecret(), since: now})
	return j
}

// at returns the secrets for a moment. The first query after their time makes the new ones.
func (j *cookieJar) at(now time.Time) *cookieSecrets {
	s := j.secrets.Load()
	if now.Sub(s.since) < secretAge {
		return s
	}
	j.turning.Lock()
	defer j.turning.Unlock()
	if s = j.secrets.Load(); now.Sub(s.since) >= secretAge {
		s = &cookieSecrets{current: newSecret(), previous: s.current, since: now}
		j.secrets.Store(s)
	}
	return s
}

func newSecret() (s [16]byte) {
	_, _ = rand.Read(s[:]) // never fails: it ends the process rather than return an error
	return s
}

// answer judges a query's option and returns the option of the reply: the client's cookie
// and a server cookie that is good for a while.
func (j *cookieJar) answer(o cookieOption, from netip.Addr, now time.Time) (cookieState, []byte) {
	secrets := j.at(now)
	state, renew := secrets.judge(o, from, now)
	if !renew {
		return state, o
	}
	fresh := secrets.make(o[:clientCookieSize], from, now)
	return state, append(append(make([]byte, 0, clientCookieSize+serverCookieSize), o[:clientCookieSize]...), fresh[:]...)
}
