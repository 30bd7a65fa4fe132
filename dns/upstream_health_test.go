package dns

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// at is a moment of the tests' own clock.
func at(seconds float64) time.Time {
	return time.Unix(1_700_000_000, 0).Add(time.Duration(seconds * float64(time.Second)))
}

// TestHealth tells stories of one upstream: what happened, and until when it is asked last.
func TestHealth(t *testing.T) {
	for name, c := range map[string]struct {
		story string // "T ok", "T fail", "T strike"; "B>T fail" for a try begun at B; T in seconds
		until float64
	}{
		"nothing known":                   {"", -1},
		"well":                            {"1 ok, 2 ok", -1},
		"one failure":                     {"1 fail", 2},
		"backoff doubles":                 {"1 fail, 3 fail, 6 fail", 10},
		"backoff has an end":              {"1 fail, 11 fail, 22 fail, 33 fail, 44 fail, 100 fail, 200 fail, 300 fail, 400 fail", 460},
		"many tries are one failure":      {"0>2 fail, 0.5>2.1 fail, 1>2.2 fail, 1.9>3 fail", 3},
		"a probe that fails is another":   {"0>2 fail, 3>5 fail", 7},
		"back with a reply":               {"1 fail, 2 ok", -1},
		"a reply forgives half":           {"1 fail, 3 fail, 6 fail, 12 fail, 21 ok, 22 fail", 26},
		"two strikes are nothing":         {"1 strike, 2 strike", -1},
		"three in a row are":              {"1 strike, 2 strike, 3 strike", 4},
		"a good reply wipes them out":     {"1 strike, 2 strike, 3 ok, 4 strike, 5 strike", -1},
		"one is enough for a probe":       {"1 fail, 3 strike", 5},
		"failures wipe strikes out, too":  {"1 strike, 2 strike, 3 fail, 5 ok, 6 strike", -1},
		"late strikes of an old moment":   {"0>2 fail, 1>2.5 strike", 3},
		"flapping gets worse":             {"1 fail, 2 fail, 4 ok, 5 fail, 7 fail, 12 ok, 13 fail", 15},
		"and is forgotten by good health": {"1 fail, 2 fail, 4 fail, 8 ok, 9 ok, 10 ok, 11 fail", 12},
	} {
		var h health
		for event := range strings.SplitSeq(c.story, ", ") {
			if event == "" {
				continue
			}
			times, what, _ := strings.Cut(event, " ")
			begun, now := 0.0, 0.0
			if n, _ := fmt.Sscanf(times, "%g>%g", &begun, &now); n < 2 {
				begun = now + parse(t, times)
				now = begun
			}
			switch what {
			case "ok":
				h.answered(time.Millisecond)
			case "fail":
				h.failed(at(begun), at(now))
			case "strike":
				h.strike(at(begun), at(now))
			}
		}
		if until := h.retry.Sub(at(0)).Seconds(); h.down != (c.until >= 0) || h.down && until != c.until {
			t.Errorf("%s: down %t until %g, want %g", name, h.down, until, c.until)
		}
	}
}

func parse(t *testing.T, s string) float64 {
	t.Helper()
	var f float64
	if _, err := fmt.Sscanf(s, "%g", &f); err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return f
}

func TestDelay(t *testing.T) {
	const limit = 2 * time.Second
	var h health
	if d := h.delay(limit); d != firstDelay {
		t.Errorf("%s with nothing known", d)
	}
	for range 50 {
		h.answered(2 * time.Millisecond)
	}
	if d := h.delay(limit); d != minDelay {
		t.Errorf("%s for one that is fast", d)
	}
	for range 50 {
		h.answered(300 * time.Millisecond)
	}
	if d := h.delay(limit); d < 300*time.Millisecond || d > 500*time.Millisecond {
		t.Errorf("%s for one that takes 300 ms", d)
	}
	for range 50 {
		h.answered(3 * time.Second)
	}
	if d := h.delay(limit); d != time.Second {
		t.Errorf("%s, want half of what a try may take", d)
	}
}

func TestOrder(t *testing.T) {
	p := newPool([]netip.AddrPort{
		netip.MustParseAddrPort("127.0.0.1:1"), netip.MustParseAddrPort("127.0.0.1:2"),
		netip.MustParseAddrPort("127.0.0.1:3"), netip.MustParseAddrPort("127.0.0.1:4"),
	})
	order := func(now float64, random bool) string {
		var out string
		for _, u := range p.order(at(now), random, 2*time.Second) {
			out += fmt.Sprint(u.addr.Port())
		}
		return out
	}
	want := func(now float64, want string) {
		t.Helper()
		if got := order(now, false); got != want {
			t.Errorf("at %g: order %s, want %s", now, got, want)
		}
	}
	fail := func(i int, now float64) {
		t.Helper()
		if down, _ := p.note(p.list[i-1], func(h *health) { h.failed(at(now), at(now)) }); !down {
			t.Errorf("%d did not go down", i)
		}
	}
	want(0, "1234")
	fail(2, 1)
	fail(1, 1.5)
	want(1.6, "3421")
	for range 50 { // the healthy ones change places, those that are down do not
		if got := order(1.6, true); got != "3421" && got != "4321" {
			t.Errorf("random order %s", got)
		}
	}
	want(2, "2341")   // 2 is due: for one question
	want(2, "3412")   // which has it until 4
	want(2.5, "1342") // and 1 is
	want(3, "3421")
	if _, back := p.note(p.list[1], func(h *health) { h.answered(time.Millisecond) }); !back {
		t.Error("2 did not come back")
	}
	want(3, "2341")
	want(9, "1234")
	fail(3, 9)
	fail(4, 9)
	fail(2, 9)
	want(9, "2341") // nobody is up; 1 has its probe until 11
}

func TestHedgesAreBounded(t *testing.T) {
	var h hedges
	spend := func() (n int) {
		for h.spend() {
			n++
		}
		return n
	}
	if n := spend(); n != hedgeBurst {
		t.Errorf("%d at once, want %d", n, hedgeBurst)
	}
	for range 10 * hedgeShare {
		h.earn()
	}
	if n := spend(); n != 10 {
		t.Errorf("%d after %d questions, want 10", n, 10*hedgeShare)
	}
	for range 10_000 {
		h.earn()
	}
	if n := spend(); n != hedgeBurst {
		t.Errorf("%d after a long time, want %d", n, hedgeBurst)
	}
}

func TestRandomOrderIsFair(t *testing.T) {
	p := newPool([]netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:1"), netip.MustParseAddrPort("127.0.0.1:2")})
	first := map[uint16]int{}
	for range 1000 {
		first[p.order(at(0), true, time.Second)[0].addr.Port()]++
	}
	if min(first[1], first[2]) < 350 { // chance of less: under 10^-20
		t.Errorf("first were %v", first)
	}
	if !slices.IsSortedFunc(p.list, func(a, b *upstream) int { return a.addr.Compare(b.addr) }) {
		t.Error("the configured order was shuffled")
	}
}
