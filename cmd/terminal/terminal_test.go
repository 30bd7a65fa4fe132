package terminal

import "testing"

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"plain ä 日本\nnext":        "plain ä 日本\nnext",
		"\x1b[2J\x07gone\r\tx":    " [2J gone  x",
		"\u202etxt\u200b\u0085":   " txt  ",
		"\xff broken":             "\ufffd broken",
		"\x1b]0;title\x1b\\ \x9b": " ]0;title \\ \ufffd",
	} {
		if got := Printable(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestCells(t *testing.T) {
	for _, tt := range []struct {
		text       string
		width      int
		clip, pad  string
		head, rest string
	}{
		{"abc", 5, "abc", "abc  ", "abc", ""},
		{"abc", 3, "abc", "abc", "abc", ""},
		{"abcd", 3, "ab…", "ab…", "abc", "d"},
		{"abcd", 1, "…", "…", "a", "bcd"},
		{"abcd", 0, "", "", "a", "bcd"},
		{"", 2, "", "  ", "", ""},
		{"日本語", 6, "日本語", "日本語", "日本語", ""},
		{"日本語", 5, "日本…", "日本…", "日本", "語"},
		{"日本語", 4, "日…", "日… ", "日本", "語"},
		{"日本", 2, "…", "… ", "日", "本"},
		{"日本", 1, "…", "…", "日", "本"},
		{"e\u0301e\u0301x", 2, "e\u0301…", "e\u0301…", "e\u0301e\u0301", "x"},
	} {
		head, rest := Cut(tt.text, tt.width)
		if got := Clip(tt.text, tt.width); got != tt.clip {
			t.Errorf("%q in %d cells: %q, want %q", tt.text, tt.width, got, tt.clip)
		}
		if got := Pad(tt.text, tt.width, false); got != tt.pad {
			t.Errorf("%q in %d cells: %q, want %q", tt.text, tt.width, got, tt.pad)
		}
		if head != tt.head || rest != tt.rest {
			t.Errorf("%q cut at %d: %q %q, want %q %q", tt.text, tt.width, head, rest, tt.head, tt.rest)
		}
	}
	if got := Pad("日本", 6, true); got != "  日本" {
		t.Errorf("on the right: %q", got)
	}
}

func TestOneLine(t *testing.T) {
	if got := OneLine("a\nb\x1b[2Jc"); got != "a b [2Jc" {
		t.Errorf("%q", got)
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int]string{0: "0 servers", 1: "1 server", 2: "2 servers"} {
		if got := Count(n, "server"); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
}
