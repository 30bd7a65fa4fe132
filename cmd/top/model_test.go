package top

import (
	"strings"
	"testing"
	"time"

	"muster/catalog/httpapi"
)

func TestKeysThatAct(t *testing.T) {
	for _, tt := range []struct {
		keys []string
		want Action
	}{
		{[]string{"q"}, Quit},
		{[]string{"ctrl+c"}, Quit},
		{[]string{"/", "ctrl+c"}, Quit},
		{[]string{"/", "q"}, Nothing}, // is written
		{[]string{"?", "q"}, Quit},
		{[]string{"?", "x"}, Nothing},
		{[]string{"ctrl+z"}, Suspend},
		{[]string{"enter", "enter", "esc", "esc", "G", "p", "f1"}, Nothing}, // with nothing there
	} {
		m, got := New(false), Nothing
		for _, k := range tt.keys {
			got = m.Update(Key{Name: k, Text: k})
			_ = m.View()
		}
		if got != tt.want {
			t.Errorf("%v: action %d, want %d", tt.keys, got, tt.want)
		}
	}
}

// TestLongPause: more changes than are kept for later make everything be read anew, and none of them is held.
func TestLongPause(t *testing.T) {
	m := crowd()
	m.Update(Key{Name: "p"})
	for round := range maxHeldRows/1000 + 1 {
		flap(m, round, 1000)
	}
	if len(m.held) > 0 || !strings.Contains(m.View(), "too many changes") {
		t.Errorf("%d messages are held", len(m.held))
	}
	if got := m.Update(Key{Name: "p"}); got != Reload {
		t.Errorf("action %d", got)
	}
	m.Update(Key{Name: "p"})
	for round := range 30 {
		flap(m, round, 1000)
	}
	m.Update(Loaded{time.Unix(5, 0), []httpapi.NodeInfo{}}) // is all there is to know
	if got := m.Update(Key{Name: "p"}); got != Nothing || len(m.cluster.services) != 0 {
		t.Errorf("action %d, %d services", got, len(m.cluster.services))
	}
}

// TestFilterIsBounded: what is pasted is one line, without what could command a terminal.
func TestFilterIsBounded(t *testing.T) {
	m := New(false)
	m.Update(Key{Name: "/", Text: "/"})
	m.Update(Key{Name: "paste", Text: "a\n\x1b[31mb"})
	if got := *m.filter(); got != "a  [31mb" {
		t.Errorf("%q", got)
	}
	for range 100 {
		m.Update(Key{Name: "paste", Text: "0123456789"})
	}
	if got := len(*m.filter()); got > maxFilter {
		t.Errorf("%d octets", got)
	}
}
