package rpc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestSpread(t *testing.T) {
	servers := []string{"10.0.0.1:8300", "10.0.0.2:8300", "10.0.0.3:8300"}
	const agents = 3000
	first, heirs := map[string]int{}, map[string]int{}
	for i := range agents {
		s := newSpread(fmt.Sprint("node ", i))
		order := s.order(servers)
		if !slices.Equal(order, s.order([]string{servers[2], servers[0], servers[1]})) {
			t.Fatal("the order depends on how the servers are listed")
		}
		if s.home(servers) != order[0] {
			t.Fatal("home is not the first")
		}
		first[order[0]]++
		if s.fail(order[0]); order[0] == servers[0] {
			heirs[s.order(servers)[0]]++
		}
	}
	for _, addr := range servers {
		if n := first[addr]; n < agents*28/100 || n > agents*39/100 {
			t.Errorf("%s has %d of %d agents", addr, n, agents)
		}
	}
	for _, addr := range servers[1:] {
		if n := heirs[addr]; n < first[servers[0]]*4/10 {
			t.Errorf("%s inherits %d of %d agents", addr, n, first[servers[0]])
		}
	}
}

func TestSpreadForgivesFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSpread("node")
		servers := []string{"a", "b", "c"}
		usual := s.order(servers)
		s.fail(usual[0])
		time.Sleep(time.Second)
		s.fail(usual[1])
		if got := s.order(servers); !slices.Equal(got, []string{usual[2], usual[0], usual[1]}) {
			t.Errorf("after failures of %v: %v", usual[:2], got)
		}
		if s.well(usual[0]) || !s.well(usual[2]) {
			t.Error("well errs")
		}
		time.Sleep(avoidFor)
		if got := s.order(servers); !slices.Equal(got, usual) {
			t.Errorf("later: %v, want %v", got, usual)
		}
		if s.order(nil) != nil || s.home(nil) != "" {
			t.Error("servers out of nowhere")
		}
	})
}

// A server that cannot be connected to is not dialed by each of those who queue for it.
func TestDialFailureIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dials := 0
		l := newLinks(func(ctx context.Context, _, _ string) (net.Conn, error) {
			dials++
			<-ctx.Done() // a machine that is off
			return nil, ctx.Err()
		})
		defer l.close()
		began := time.Now()
		for range 50 {
			if _, err := l.connect(t.Context(), "", "10.0.0.1:8300"); err == nil {
				t.Fatal("connected")
			}
		}
		if took := time.Since(began); dials != 1 || took != connectTimeout {
			t.Errorf("%d dials in %v", dials, took)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := l.connect(ctx, "", "10.0.0.2:8300"); err == nil {
			t.Fatal("connected")
		}
		time.Sleep(dialPenalty)
		if _, err := l.connect(t.Context(), "", "10.0.0.1:8300"); err == nil || dials != 3 {
			t.Errorf("not tried again: %d dials, %v", dials, err)
		}
		if _, err := l.connect(t.Context(), "", "10.0.0.2:8300"); err == nil || dials != 4 {
			t.Errorf("a dial that was called off counts against the server: %d dials, %v", dials, err)
		}
		time.Sleep(dialPenalty)
		if _, err := l.connect(t.Context(), "", "10.0.0.3:8300"); err == nil || len(l.refused) != 1 {
			t.Errorf("%d refusals are kept, %v", len(l.refused), err)
		}
	})
}

func TestLinksClose(t *testing.T) {
	here, there := net.Pipe()
	defer there.Close()
	dialing := make(chan struct{})
	var once sync.Once
	l := newLinks(func(ctx context.Context, _, addr string) (net.Conn, error) {
		if addr == "open" {
			return here, nil
		}
		once.Do(func() { close(dialing) })
		<-ctx.Done()
		return nil, ctx.Err()
	})
	if _, err := l.connect(t.Context(), "", "open"); err != nil {
		t.Fatal(err)
	}
	slow := make(chan error, 1)
	go func() { _, err := l.connect(t.Context(), "", "slow"); slow <- err }()
	<-dialing
	l.close()
	if err := <-slow; err == nil {
		t.Error("connected while closing")
	}
	if _, err := here.Read(make([]byte, 1)); err == nil {
		t.Error("a connection is open after close")
	}
	if _, err := l.connect(t.Context(), "", "open"); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	l.close()
}
