//go:build linux

package main

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// How dnsperf asks. 200 questions under way fill batches of 64 and do not
// overflow a socket buffer of the default size, which would lose some.
const (
	clientSockets = 10
	outstanding   = 200
)

// load is what dnsperf found.
type load struct {
	sent, completed, lost int
	qps                   float64
	bytes                 int            // of the average response
	rcodes                map[string]int // responses of each
}

// runDnsperf asks a server the questions of a file for a while. rate bounds the
// questions a second; 0 is as many as it takes.
func runDnsperf(ctx context.Context, s *server, file string, period time.Duration, rate int, tcp bool) (load, error) {
	args := []string{
		"-s", "127.0.0.1", "-p", strconv.Itoa(s.port), "-d", file, "-e",
		"-c", strconv.Itoa(clientSockets), "-q", strconv.Itoa(outstanding), "-t", "2", "-W",
		"-l", strconv.FormatFloat(period.Seconds(), 'f', -1, 64),
		"-O", "suppress=timeouts,unexpected,congestion,sockready",
	}
	if rate > 0 {
		args = append(args, "-Q", strconv.Itoa(rate))
	}
	if tcp {
		args = append(args, "-m", "tcp")
	}
	out, err := exec.CommandContext(ctx, "dnsperf", args...).CombinedOutput()
	if err != nil {
		return load{}, fmt.Errorf("dnsperf against %s: %w: %.500s", s.name, err, out)
	}
	found, err := parseDnsperf(string(out))
	if err != nil {
		return load{}, fmt.Errorf("dnsperf against %s: %w in %.500q", s.name, err, out)
	}
	return found, nil
}

// parseDnsperf reads the statistics at the end of dnsperf's output.
func parseDnsperf(out string) (load, error) {
	found := load{rcodes: map[string]int{}}
	var err error
	number := func(text string) int {
		n, e := strconv.Atoi(text)
		if e != nil && err == nil {
			err = e
		}
		return n
	}
	for line := range strings.Lines(out) {
		label, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		words := strings.Fields(value)
		if len(words) == 0 {
			continue
		}
		switch label {
		case "Queries sent":
			found.sent = number(words[0])
		case "Queries completed":
			found.completed = number(words[0])
		case "Queries lost":
			found.lost = number(words[0])
		case "Average packet size": // request 53, response 101
			found.bytes = number(words[len(words)-1])
		case "Queries per second":
			if found.qps, err = strconv.ParseFloat(words[0], 64); err != nil {
				return load{}, err
			}
		case "Response codes": // NOERROR 99 (99.00%), NXDOMAIN 1 (1.00%)
			for part := range strings.SplitSeq(value, ",") {
				if f := strings.Fields(part); len(f) >= 2 {
					found.rcodes[f[0]] = number(f[1])
				}
			}
		}
	}
	if err == nil && (found.completed == 0 || found.qps == 0) {
		err = fmt.Errorf("no query was answered")
	}
	return found, err
}
