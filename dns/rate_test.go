package dns

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var born = time.Unix(1_700_000_000, 0)

// limitOf is a limit of ten answers and four errors a second, as changed.
func limitOf(change func(*Config)) *rateLimit {
	cfg := DefaultConfig()
	cfg.RateLimit, cfg.RateLimitErrors = 10, 4
	if change != nil {
		change(&cfg)
	}
	return newRateLimit(cfg, newRateTable(born))
}

// tally asks n times at one moment and writes what became of it: "10 sent" or "10 sent, 2 cut, 3 none".
func tally(l *rateLimit, n int, client string, class rateClass, after time.Duration) string {
	var got [3]int
	for range n {
		got[l.allow(netip.MustParseAddr(client), class, born.Add(after))]++
	}
	return fmt.Sprintf("%d sent, %d cut, %d none", got[admitted], got[truncated], got[withheld])
}

func TestRateLimit(t *testing.T) {
	off := func(c *Config) { c.RateLimit = 0 }
	type step struct {
		n      int
		client string
		class  rateClass
		after  time.Duration
		want   string
	}
	for name, c := range map[string]struct {
		change func(*Config)
		steps  []step
	}{
		"a second's worth at once, then as time goes": {nil, []step{
			{16, "192.0.2.1", classAnswer, 0, "10 sent, 3 cut, 3 none"},
			{4, "192.0.2.1", classAnswer, 99 * time.Millisecond, "0 sent, 2 cut, 2 none"},
			{4, "192.0.2.1", classAnswer, 100 * time.Millisecond, "1 sent, 1 cut, 2 none"},
			{4, "192.0.2.1", classAnswer, 350 * time.Millisecond, "2 sent, 1 cut, 1 none"},
			{20, "192.0.2.1", classAnswer, time.Hour, "10 sent, 5 cut, 5 none"},
		}},
		"evenly spaced within the limit": {nil, []step{
			{1, "192.0.2.1", classAnswer, 0, "1 sent, 0 cut, 0 none"},
			{10, "192.0.2.1", classAnswer, time.Second, "10 sent, 0 cut, 0 none"},
			{10, "192.0.2.1", classAnswer, 2 * time.Second, "10 sent, 0 cut, 0 none"},
		}},
		"one network": {nil, []step{
			{10, "192.0.2.1", classAnswer, 0, "10 sent, 0 cut, 0 none"},
			{2, "192.0.2.255", classAnswer, 0, "0 sent, 1 cut, 1 none"},
			{2, "::ffff:192.0.2.9", classAnswer, 0, "0 sent, 1 cut, 1 none"},
			{2, "192.0.3.1", classAnswer, 0, "2 sent, 0 cut, 0 none"},
			{10, "2001:db8:0:1234::1", classAnswer, 0, "10 sent, 0 cut, 0 none"},
			{2, "2001:db8:0:12ff::2", classAnswer, 0, "0 sent, 1 cut, 1 none"},
			{2, "2001:db8:0:1334::1", classAnswer, 0, "2 sent, 0 cut, 0 none"},
		}},
		"each class apart": {nil, []step{
			{12, "192.0.2.1", classNXDomain, 0, "4 sent, 4 cut, 4 none"},
			{12, "192.0.2.1", classError, 0, "4 sent, 4 cut, 4 none"},
			{10, "192.0.2.1", classAnswer, 0, "10 sent, 0 cut, 0 none"},
		}},
		"exempt": {nil, []step{
			{99, "127.0.0.1", classError, 0, "99 sent, 0 cut, 0 none"},
			{99, "::1", classError, 0, "99 sent, 0 cut, 0 none"},
			{99, "10.1.2.3", classAnswer, 0, "99 sent, 0 cut, 0 none"},
			{99, "fe80::1%eth0", classAnswer, 0, "99 sent, 0 cut, 0 none"},
		}},
		"exempt as configured": {func(c *Config) { c.RateLimitExempt = loopback() }, []step{
			{12, "10.1.2.3", classAnswer, 0, "10 sent, 1 cut, 1 none"},
			{99, "127.1.2.3", classAnswer, 0, "99 sent, 0 cut, 0 none"},
		}},
		"slip 0": {func(c *Config) { c.RateLimitSlip = 0 }, []step{{14, "192.0.2.1", classAnswer, 0, "10 sent, 0 cut, 4 none"}}},
		"slip 1": {func(c *Config) { c.RateLimitSlip = 1 }, []step{{14, "192.0.2.1", classAnswer, 0, "10 sent, 4 cut, 0 none"}}},
		"off":    {off, []step{{999, "192.0.2.1", classAnswer, 0, "999 sent, 0 cut, 0 none"}, {6, "192.0.2.1", classError, 0, "4 sent, 1 cut, 1 none"}}},
	} {
		t.Run(name, func(t *testing.T) {
			l := limitOf(c.change)
			for _, s := range c.steps {
				if got := tally(l, s.n, s.client, s.class, s.after); got != s.want {
					t.Errorf("%d of %s, class %d, after %s: %s; want %s", s.n, s.client, s.class, s.after, got, s.want)
				}
			}
		})
	}
}

// TestRateLimitFlood holds that half a million forged networks do not free one that is limited:
// the table forgets whom it owes least.
func TestRateLimitFlood(t *testing.T) {
	l := limitOf(nil)
	if got := tally(l, 20, "192.0.2.1", classAnswer, 0); got != "10 sent, 5 cut, 5 none" {
		t.Fatal(got)
	}
	for i := range uint32(500_000) {
		var a [4]byte
		binary.BigEndian.PutUint32(a[:], 0x0b000000+i<<8)
		l.allow(netip.AddrFrom4(a), classAnswer, born)
	}
	if got := tally(l, 20, "192.0.2.1", classAnswer, time.Millisecond); got != "0 sent, 10 cut, 10 none" {
		t.Errorf("after the flood: %s", got)
	}
}

// TestRateLimitTogether holds that callers at once get no more than one would, and that a decision allocates nothing.
func TestRateLimitTogether(t *testing.T) {
	l := limitOf(func(c *Config) { c.RateLimit = 1000 })
	client := netip.MustParseAddr("2001:db8::1")
	var sent atomic.Int64
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for range 500 {
				if l.allow(client, classAnswer, born) == admitted {
					sent.Add(1)
				}
			}
		})
	}
	callers.Wait()
	if sent.Load() != 1000 {
		t.Errorf("%d of 4000 sent, want 1000", sent.Load())
	}
	if n := testing.AllocsPerRun(1000, func() { l.allow(client, classAnswer, born) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkRateLimit(b *testing.B) {
	l := limitOf(nil)
	for name, client := range map[string]string{"exempt": "127.0.0.1", "private": "192.168.0.1", "limited": "192.0.2.1"} {
		a := netip.MustParseAddr(client)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l.allow(a, classAnswer, born)
			}
		})
	}
}
