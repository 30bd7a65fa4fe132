//go:build linux

package main

import (
	"errors"
	"fmt"
	"math/bits"
	"net"
	"sync"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// instances is how many the service under test has.
const instances = 20

// set is a set of instances, by their numbers.
type set uint32

const everyone set = 1<<instances - 1

// sight is what one agent's DNS shows of the service.
type sight struct {
	mu    sync.Mutex
	shown set                  // in the last answer
	since [instances]time.Time // when the answer came that began what shown says of each
	asked int
	lost  int
	first error // why an answer was lost
}

// saw notes an answer that arrived at a time.
func (s *sight) saw(now set, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	for turned := now ^ s.shown; turned != 0; turned &= turned - 1 {
		s.since[bits.TrailingZeros32(uint32(turned))] = at
	}
	s.shown = now
}

func (s *sight) missed(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.lost++; s.first == nil {
		s.first = err
	}
}

// of returns whether an instance is shown, and since when that is so.
func (s *sight) of(i int) (shown bool, since time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shown&(1<<i) != 0, s.since[i]
}

// watcher asks one agent for the service all the time.
type watcher struct {
	conn  net.Conn
	query []byte
	base  byte // last number of the address of instance 0
	sight *sight
}

// answerWait is how long an answer may take before it counts as lost.
const answerWait = time.Second

// watch asks every so often until done is closed.
func (w *watcher) watch(every time.Duration, done <-chan struct{}) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	buf := make([]byte, 4096)
	for id := uint16(1); ; id++ {
		select {
		case <-done:
			return
		case <-tick.C:
		}
		if got, err := w.ask(id, buf); err != nil {
			w.sight.missed(err)
		} else {
			w.sight.saw(got, time.Now())
		}
	}
}

// ask sends the question and returns what its answer shows.
func (w *watcher) ask(id uint16, buf []byte) (set, error) {
	w.query[0], w.query[1] = byte(id>>8), byte(id)
	if err := w.conn.SetDeadline(time.Now().Add(answerWait)); err != nil {
		return 0, err
	}
	if _, err := w.conn.Write(w.query); err != nil {
		return 0, err
	}
	for {
		n, err := w.conn.Read(buf)
		if err != nil {
			return 0, err
		}
		if n > 2 && buf[0] == w.query[0] && buf[1] == w.query[1] { // else late, and counted as lost
			return shownBy(buf[:n], w.base)
		}
	}
}

var errCut = errors.New("the answer is truncated, so it does not show who is left out")

// shownBy reads an answer.
func shownBy(answer []byte, base byte) (set, error) {
	var p dnsmessage.Parser
	h, err := p.Start(answer)
	switch {
	case err != nil:
		return 0, err
	case h.Truncated:
		return 0, errCut
	case h.RCode != dnsmessage.RCodeSuccess && h.RCode != dnsmessage.RCodeNameError:
		return 0, fmt.Errorf("answered with %s", h.RCode)
	}
	if err := p.SkipAllQuestions(); err != nil {
		return 0, err
	}
	var shown set
	for {
		r, err := p.Answer()
		if errors.Is(err, dnsmessage.ErrSectionDone) {
			return shown, nil
		}
		if err != nil {
			return 0, err
		}
		a, ok := r.Body.(*dnsmessage.AResource)
		if i := int(a4(a)) - int(base); ok && i >= 0 && i < instances {
			shown |= 1 << i
		}
	}
}

// a4 is the last number of an address; 0 of none.
func a4(a *dnsmessage.AResource) byte {
	if a == nil {
		return 0
	}
	return a.A[3]
}

// question packs a question for the addresses of a name, which allows long answers.
func question(name string) ([]byte, error) {
	qname, err := dnsmessage.NewName(name + ".")
	if err != nil {
		return nil, err
	}
	var edns dnsmessage.ResourceHeader
	if err := edns.SetEDNS0(1232, dnsmessage.RCodeSuccess, false); err != nil {
		return nil, err
	}
	m := dnsmessage.Message{
		Questions:   []dnsmessage.Question{{Name: qname, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}},
		Additionals: []dnsmessage.Resource{{Header: edns, Body: &dnsmessage.OPTResource{}}},
	}
	return m.Pack()
}
