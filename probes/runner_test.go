package probes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"muster/catalog"
	"muster/metrics"
)

func TestEveryKindIsRun(t *testing.T) {
	table := kinds()
	for _, k := range catalog.Kinds {
		if table[k] == nil {
			t.Errorf("kind %q has no behaviour", k)
		}
		m := metrics.New(metrics.Build{})
		m.Checks.Probed(string(k), "passing", time.Second)
		w := httptest.NewRecorder()
		m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		if want := fmt.Sprintf("muster_probe_results_total{kind=%q,status=\"passing\"} 1\n", k); !strings.Contains(w.Body.String(), want) {
			t.Errorf("kind %q is not counted by its name", k)
		}
	}
}

// scripted is a probe whose results are letters, one per call; the last one lasts.
func scripted(results string) probe {
	var calls atomic.Int64
	return func(context.Context, *catalog.CheckDefinition) Result {
		i := min(int(calls.Add(1)), len(results)) - 1
		return Result{letters[results[i]], "saw " + results[i:i+1]}
	}
}

func TestVerdictsAreReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &owner{}
		r := newRunner(t, o, nil, nil)
		r.pretend(scripted("CCC"))
		def := tcpCheck("c", time.Second)
		def.FailuresBeforeCritical = 3
		r.Reconcile([]catalog.CheckDefinition{def}, map[string]catalog.Status{"c": catalog.Passing})
		pass(2900 * time.Millisecond)
		want := []said{
			{"c", catalog.Passing, "saw C\n(passing: failure 1 of 3 in a row)", time.Time{}},
			{"c", catalog.Passing, "saw C\n(passing: failure 2 of 3 in a row)", time.Time{}},
			{"c", catalog.Critical, "saw C", time.Time{}},
		}
		got := o.take()
		if len(got) != len(want) {
			t.Fatalf("got %v, want %v", got, want)
		}
		for i := range want {
			if age := time.Since(got[i].seen); age < 0 || age > 3*time.Second {
				t.Errorf("report %d was seen %v ago", i, age)
			}
			got[i].seen = time.Time{}
			if got[i] != want[i] {
				t.Errorf("report %d is %v, want %v", i, got[i], want[i])
			}
		}
		r.Close()
	})
}

func TestReconcile(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*catalog.CheckDefinition) // what becomes of the definition after two failures
		want   string                         // reported from then on, one a second
	}{
		{"the same", func(*catalog.CheckDefinition) {}, "critical critical"},
		{"only what people read", func(d *catalog.CheckDefinition) {
			d.Notes, d.Header, d.DeregisterCriticalServiceAfter = "new", map[string][]string{}, time.Hour
		}, "critical critical"},
		{"another target", func(d *catalog.CheckDefinition) { d.TCP = "127.0.0.1:2" }, "passing passing"},
		{"another threshold", func(d *catalog.CheckDefinition) { d.FailuresBeforeCritical = 2 }, "passing critical"},
		{"another kind", func(d *catalog.CheckDefinition) { d.TCP, d.TTL = "", time.Hour }, ""},
		{"no probe any more", func(d *catalog.CheckDefinition) { d.TCP = "" }, ""},
		{"another id", func(d *catalog.CheckDefinition) { d.ID = "other" }, "passing passing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := &owner{}
				r := newRunner(t, o, nil, func(cfg *Config) { cfg.FirstWithin = time.Nanosecond })
				r.pretend(scripted("C"))
				def := tcpCheck("c", time.Second)
				def.FailuresBeforeCritical = 3
				last := map[string]catalog.Status{"c": catalog.Passing, "other": catalog.Passing}
				r.Reconcile([]catalog.CheckDefinition{def}, last)
				pass(1500 * time.Millisecond)
				if got := o.statuses(); got != "passing passing" {
					t.Fatalf("two failures were reported as %q", got)
				}
				c.change(&def)
				r.Reconcile([]catalog.CheckDefinition{def, def}, last)
				pass(1999 * time.Millisecond)
				if got := o.statuses(); got != c.want {
					t.Errorf("then came %q, want %q", got, c.want)
				}
				r.Close()
			})
		})
	}
}

func TestNothingIsReportedOfAGoneCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &owner{}
		r := newRunner(t, o, nil, nil)
		deaf := func(context.Context, *catalog.CheckDefinition) Result {
			<-time.After(5 * time.Second)
			return Result{catalog.Passing, "too late"}
		}
		r.pretend(deaf)
		r.Reconcile([]catalog.CheckDefinition{tcpCheck("c", 10*time.Second)}, nil)
		pass(time.Second)
		r.Reconcile(nil, nil)
		pass(time.Minute)
		if got := o.take(); len(got) > 0 {
			t.Errorf("reported %v", got)
		}
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, s := &owner{}, &spy{takes: time.Hour}
		r := newRunner(t, o, nil, nil)
		r.pretend(s.probe)
		r.Reconcile([]catalog.CheckDefinition{tcpCheck("c", time.Second), {ID: "t", TTL: time.Second}}, nil)
		pass(600 * time.Millisecond)
		r.Close()
		r.Close()
		if s.running != 0 {
			t.Error("a probe outlived Close")
		}
		r.Reconcile([]catalog.CheckDefinition{tcpCheck("d", time.Second)}, nil)
		pass(time.Minute)
		if got := o.take(); len(got) > 0 {
			t.Errorf("reported after Close: %v", got)
		}
		if err := r.Update("t", catalog.Passing, ""); catalog.CodeOf(err) != catalog.Unavailable {
			t.Errorf("update after Close: %v", err)
		}
	})
}

func TestPanicsBecomeCritical(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		o := &owner{}
		r := newRunner(t, o, nil, func(c *Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
		r.pretend(func(context.Context, *catalog.CheckDefinition) Result { panic("index out of range") })
		r.Reconcile([]catalog.CheckDefinition{tcpCheck("c", time.Second)}, nil)
		pass(1900 * time.Millisecond)
		r.Close()
		got := o.take()
		if len(got) != 2 || got[1].status != catalog.Critical || !strings.Contains(got[1].output, "index out of range") {
			t.Errorf("reported %v", got)
		}
		if text := log.String(); !strings.Contains(text, "probe panicked") || !strings.Contains(text, "runner_test.go") {
			t.Errorf("logged %s", text)
		}
	})
}

// An agent without files has seen nothing of its targets: what they were they stay.
func TestNothingSeenIsNoVerdict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		o := &owner{}
		r := newRunner(t, o, nil, func(c *Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
		var calls atomic.Int64
		r.pretend(func(ctx context.Context, def *catalog.CheckDefinition) Result {
			if n := calls.Add(1); n == 1 || n == 5 {
				return Result{catalog.Passing, ""}
			}
			return failure(ctx, "TCP", fmt.Errorf("dial: %w", os.NewSyscallError("socket", syscall.EMFILE)))
		})
		def := tcpCheck("c", time.Second)
		r.Reconcile([]catalog.CheckDefinition{def}, nil)
		pass(9900 * time.Millisecond)
		r.Close()
		if got := o.statuses(); got != "passing passing" {
			t.Errorf("ten probes of which two saw something: heard %q", got)
		}
		if n := strings.Count(log.String(), "agent cannot probe"); n != 2 {
			t.Errorf("two rows of blindness were logged %d times:\n%s", n, &log)
		}
	})
}

func TestRefusedReportsAreLoggedOncePerRow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		o := &owner{refuse: errors.New("disk is full")}
		r := newRunner(t, o, nil, func(c *Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
		r.pretend(scripted("P"))
		r.Reconcile([]catalog.CheckDefinition{tcpCheck("c", time.Second)}, nil)
		for range 2 {
			o.setRefuse(errors.New("disk is full"))
			pass(5 * time.Second)
			o.setRefuse(nil)
			pass(5 * time.Second)
		}
		r.Close()
		if n := strings.Count(log.String(), "disk is full"); n != 2 {
			t.Errorf("two rows of refusals were logged %d times:\n%s", n, log.String())
		}
	})
}

func TestOutputIsCapped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &owner{}
		r := newRunner(t, o, nil, nil)
		r.pretend(func(context.Context, *catalog.CheckDefinition) Result {
			return Result{catalog.Critical, strings.Repeat("\xffx", 9000)}
		})
		tiny := tcpCheck("tiny", time.Minute)
		tiny.OutputMaxSize, tiny.Status, tiny.FailuresBeforeCritical = 50, catalog.Passing, 2
		r.Reconcile([]catalog.CheckDefinition{tcpCheck("full", time.Minute), tiny}, nil)
		pass(time.Second)
		for _, s := range o.take() {
			want := strings.Repeat("\uFFFDx", catalog.MaxCheckOutput/4)
			if s.id == "tiny" {
				note := "\n(passing: failure 1 of 2 in a row)"
				want = head(strings.Repeat("\uFFFDx", 50), 50-len(note)) + note
			}
			if s.output != want {
				t.Errorf("%s: output has %d bytes, ends in %q", s.id, len(s.output), s.output[max(0, len(s.output)-40):])
			}
		}
		r.Close()
	})
}
