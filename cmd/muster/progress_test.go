package main

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestProgressLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := newProgress(&out, false, "Saving", 4096)
		for range 3 {
			time.Sleep(4 * time.Second)
			_, _ = p.Write(make([]byte, 1024))
		}
		time.Sleep(4 * time.Second)
		_, _ = p.Write(make([]byte, 1024))
		time.Sleep(5 * time.Second)
		p.end()
		p.end()
		time.Sleep(time.Minute)
		want := "Saving: 1.0 KiB of 4.0 KiB (25 %)\nSaving: 2.0 KiB of 4.0 KiB (50 %)\nSaving: 3.0 KiB of 4.0 KiB (75 %)\nSaving: 4.0 KiB are through, the answer is not here yet\n"
		if out.String() != want {
			t.Errorf("printed\n%swant\n%s", &out, want)
		}
	})
}

func TestProgressOfShortWorkIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := newProgress(&out, false, "Saving", -1)
		time.Sleep(4 * time.Second)
		p.end()
		if out.Len() > 0 {
			t.Errorf("printed %q", &out)
		}
		p = newProgress(&out, false, "Saving", -1)
		_, _ = p.Write(make([]byte, 5<<20))
		time.Sleep(6 * time.Second)
		p.end()
		if out.String() != "Saving: 5.0 MiB so far\n" {
			t.Errorf("printed %q", &out)
		}
	})
}

func TestProgressBar(t *testing.T) {
	for _, total := range []int64{4096, -1} {
		var out bytes.Buffer
		p := newProgress(&out, true, "Saving", total)
		for range 4 { // the bar takes no more than it was promised
			if n, err := p.Write(make([]byte, 2048)); n != 2048 || err != nil {
				t.Fatal(n, err)
			}
		}
		p.end()
		lines := strings.Split(out.String(), "\r")
		if !strings.Contains(out.String(), "Saving") || strings.TrimSpace(lines[len(lines)-1]) != "" || strings.Contains(out.String(), "\n") {
			t.Errorf("total %d: drawn %q", total, &out)
		}
	}
}

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1536: "1.5 KiB", 1<<20 - 1: "1.0 MiB", 1 << 20: "1.0 MiB", 5 << 30: "5.0 GiB", 1<<63 - 1: "8.0 EiB",
	} {
		if got := size(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}
