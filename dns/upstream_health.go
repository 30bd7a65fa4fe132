package dns

import "time"

const (
	// maxStrikes is how many late or unusable replies in a row make an upstream count as down.
	maxStrikes = 3
	// minBackoff and maxBackoff bound the time for which an upstream that is down is
	// asked last. It doubles with each failure.
	minBackoff, maxBackoff = time.Second, time.Minute
	// minDelay bounds from below the wait for a reply before a second upstream is asked: a
	// resolver that has to ask others takes tens of milliseconds and is well.
	minDelay = 50 * time.Millisecond
	// firstDelay is that wait while nothing is known of an upstream.
	firstDelay = 200 * time.Millisecond
)

// health is what is remembered of one upstream. The zero value knows nothing and counts
// as up. It has no clock; times are handed in.
type health struct {
	srtt, rttvar time.Duration // of replies over UDP, smoothed as RFC 6298 section 2 has it; 0: none yet

	strikes  int  // late or unusable replies since the last good one
	down     bool // tried last until retry
	failures int  // doubles the backoff; a good reply halves it, so flapping costs more and more
	since    time.Time
	retry    time.Time // when down: the moment of the next probe
}

// answered takes note of a good reply.
func (h *health) answered(rtt time.Duration) {
	rtt = max(rtt, time.Microsecond)
	if h.srtt == 0 {
		h.srtt, h.rttvar = rtt, rtt/2
	} else {
		h.rttvar += ((h.srtt - rtt).Abs() - h.rttvar) / 4
		h.srtt += (rtt - h.srtt) / 8
	}
	h.strikes, h.down, h.failures = 0, false, h.failures/2
}

// failed takes note of a try that got no reply. Tries begun before the last failure was
// seen tell nothing new: a hundred that wait for a dead upstream are one failure.
func (h *health) failed(begun, now time.Time) {
	if h.down && begun.Before(h.since) {
		return
	}
	backoff := min(minBackoff<<min(h.failures, 16), maxBackoff)
	h.failures = min(h.failures+1, 16)
	h.strikes, h.down, h.since, h.retry = 0, true, now, now.Add(backoff)
}

// strike takes note of a try that was late, or got a reply of no use. Several in a row are a
// failure, and so is a single one of an upstream that is down already.
func (h *health) strike(begun, now time.Time) {
	h.strikes++
	if h.down || h.strikes >= maxStrikes {
		h.failed(begun, now)
	}
}

// due reports whether an upstream that is down should be probed.
func (h *health) due(now time.Time) bool { return h.down && !now.Before(h.retry) }

// delay is the time after which a reply is late: longer than all but few replies took.
// limit is the time one try may take.
func (h *health) delay(limit time.Duration) time.Duration {
	d := firstDelay
	if h.srtt > 0 {
		d = max(h.srtt+4*h.rttvar, minDelay)
	}
	return min(d, limit/2)
}
