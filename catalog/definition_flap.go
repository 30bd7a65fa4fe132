package catalog

import "time"

// minFlapWindow is the least window that a check gets which states none.
const minFlapWindow = 30 * time.Second

// Flapping returns how many turns to and from critical a check may take within
// window before it counts as flapping and is held critical until it had no
// failure for calm. limit 0: it never counts as that.
func (d *CheckDefinition) Flapping() (limit int, window, calm time.Duration) {
	if d.FlapLimit <= 0 {
		return 0, 0, 0
	}
	interval := max(d.Interval, MinInterval)
	window = d.FlapWindow
	if window == 0 {
		// Time for twice as many turns, taken as fast as can be.
		downAndUp := max(d.FailuresBeforeCritical, 1) + max(d.SuccessBeforePassing, 1)
		window = max(minFlapWindow, time.Duration(d.FlapLimit*downAndUp)*interval)
	}
	return d.FlapLimit, window, max(window/3, 2*interval)
}

// maxFlapLimit bounds what is remembered of a check.
const maxFlapLimit = 1000

func (d *CheckDefinition) validateFlapping(p *Problems) {
	switch {
	case d.FlapLimit < 0:
		p.add("flap_limit", "%d is negative", d.FlapLimit)
	case d.FlapLimit > maxFlapLimit:
		p.add("flap_limit", "%d is over the most, %d", d.FlapLimit, maxFlapLimit)
	case d.FlapWindow < 0:
		p.add("flap_window", "%v is negative", d.FlapWindow)
	case d.FlapLimit == 0 && d.FlapWindow != 0:
		p.add("flap_window", "has no effect without flap_limit")
	case d.FlapLimit > 0 && !d.Kind().Probing() && d.Kind() != KindNone:
		p.add("flap_limit", "has no effect on %s checks, which are not probed at intervals", d.Kind())
	case d.FlapWindow != 0 && d.FlapWindow < time.Duration(d.FlapLimit)*d.Interval:
		p.add("flap_window", "%v is too short for more than %d turns (flap_limit) at an interval of %v", d.FlapWindow, d.FlapLimit, d.Interval)
	}
}
