package top

import (
	"fmt"
	"math"
	"strings"
	"time"

	"muster/cmd/terminal"
)

// firstLine is the first line of an output that says something.
func firstLine(output string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(output), "\n")
	return terminal.Printable(line)
}

// span writes a time that has passed, for people: "12 s", "3 min", "5 h", "2 d".
func span(d time.Duration) string {
	switch d = max(d, 0); {
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return fmt.Sprintf("%d d", d/(24*time.Hour))
}

// ago is when something was seen to change; "-" when it was before we looked.
func (m *Model) ago(t turn) string {
	if t.at.IsZero() {
		return "-"
	}
	return span(m.now.Sub(t.at)) + " ago"
}

// took writes how long a question took; "-" for not a number.
func took(seconds float64) string {
	switch {
	case math.IsNaN(seconds):
		return "-"
	case seconds < 1e-3:
		return fmt.Sprintf("%.0f µs", seconds*1e6)
	case seconds < 1:
		return fmt.Sprintf("%.1f ms", seconds*1e3)
	}
	return fmt.Sprintf("%.1f s", seconds)
}

// tally says how many instances pass and how many do not.
func tally(counts [levels]int) string {
	var parts []string
	for l := critical; l >= passing; l-- {
		if counts[l] > 0 {
			parts = append(parts, fmt.Sprintf("%d %v", counts[l], l))
		}
	}
	return strings.Join(parts, ", ")
}
