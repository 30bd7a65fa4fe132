package gossip

import (
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestLibraryLog(t *testing.T) {
	for _, tc := range []struct{ line, want string }{
		{"[ERR] memberlist: Decrypt packet failed: no installed keys could decrypt the message from=10.0.0.9:8301", `level=WARN msg="gossip refused: not encrypted with a key of this agent" address=10.0.0.9:8301`},
		{"[ERR] memberlist: failed to receive: encryption is configured but remote state is not encrypted from=10.0.0.9:4711", `address=10.0.0.9:4711`},
		{"[ERR] memberlist: failed to receive: remote state is encrypted and encryption is not configured from=10.0.0.9:4711", `not encrypted with a key of this agent`},
		{"[ERR] memberlist: msg type (77) not supported from=10.0.0.9:8301", `not understood`},
		{"[WARN] memberlist: ignoring alive message for 'x': refused: name", ""},
		{"[ERR] memberlist: Conflicting address for x. Mine: ...", ""},
		{"[ERR] memberlist: Push/Pull with b failed: EOF", `level=WARN msg="gossip trouble" reason="Push/Pull with b failed: EOF"`},
		{"[WARN] memberlist: Refuting a suspect message (from: b)", `level=DEBUG msg`},
		{"[ERR] memberlist: Failed fallback TCP ping: b: timeout", `level=DEBUG msg`},
		{"[WARN] memberlist: Was able to connect to b over TCP but UDP probes failed, network may be misconfigured", `level=WARN`},
		{"[WARN] memberlist: Refuting an alive message for 'a'", `level=DEBUG-4`},
		{"[INFO] memberlist: Suspect b has failed, no acks received", `level=DEBUG msg=gossip event="Suspect b`},
		{"[DEBUG] memberlist: Stream connection from=10.0.0.9:1", `level=DEBUG-4`},
		{"without a level", `level=DEBUG`},
	} {
		var j journal
		r := newReporter(slog.New(slog.NewTextHandler(&j, &slog.HandlerOptions{Level: slog.LevelDebug - 4})))
		go r.run()
		libraryLog{r, nil}.logger().Print(tc.line)
		r.finish()
		if got := strings.Join(j.lines(), ""); !strings.Contains(got, tc.want) || (tc.want == "") != (got == "") {
			t.Errorf("%s\nis %q, want %q", tc.line, got, tc.want)
		}
	}
}

// What comes by the thousand is said once in ten seconds, with how often it came.
func TestSeldom(t *testing.T) {
	var j journal
	r := newReporter(slog.New(slog.NewTextHandler(&j, nil)))
	var now time.Time
	r.now = func() time.Time { return now.Add(time.Hour) }
	go r.run()
	for range 1000 {
		r.seldom("x", slog.LevelWarn, "x")
	}
	r.seldom("y", slog.LevelWarn, "y")
	now = now.Add(repeatAfter)
	r.seldom("x", slog.LevelWarn, "x")
	for i := range 10 * maxKinds { // the kinds are bounded
		r.seldom(string(rune('A'+i)), slog.LevelInfo-8, "z")
	}
	if len(r.said) > maxKinds {
		t.Errorf("%d kinds are kept", len(r.said))
	}
	r.finish()
	if x, y := j.lines("msg=x"), j.lines("msg=y"); len(x) != 2 || len(y) != 1 || !strings.Contains(x[1], "more_before=999") {
		t.Errorf("%v, %v", x, y)
	}
}

// A log that is stuck holds nobody up, and what is lost is told of.
func TestLost(t *testing.T) {
	var j journal
	r := newReporter(slog.New(slog.NewTextHandler(&j, nil)))
	for range 300 {
		r.report(slog.LevelInfo, "line")
	}
	go r.run()
	r.finish()
	if len(j.lines("msg=line")) != 256 || len(j.lines("were lost", "lines=44")) != 1 {
		t.Errorf("%d lines, %v", len(j.lines()), j.lines("lost"))
	}
}
