package doctor

import (
	"bytes"
	"context"
	"strconv"
)

func lookAtDescriptors(ctx context.Context, c *chart) []Finding {
	text, err := c.Agent.Metrics(ctx)
	if err != nil {
		return fail("see the agent's log", "%v", err)
	}
	open, known := figure(text, "process_open_fds")
	most, limited := figure(text, "process_max_fds")
	if !known || !limited {
		return skip("the agent's system does not tell")
	}
	return judgeDescriptors(int(open), int(most))
}

// fewDescriptors is a limit that a few hundred clients reach.
const fewDescriptors = 4096

func judgeDescriptors(open, most int) []Finding {
	const remedy = "raise it (LimitNOFILE= of the service) and restart the agent"
	switch {
	case open >= most*95/100:
		return fail(remedy, "%d of %d are open: connections are about to be refused", open, most)
	case open >= most*80/100:
		return warn(remedy, "%d of %d are open", open, most)
	case most < fewDescriptors:
		return warn(remedy, "the agent may open no more than %d", most)
	}
	return ok("%d of %d are open", open, most)
}

// figure finds the value of a series, with its labels, in Prometheus' text.
func figure(text []byte, series string) (float64, bool) {
	for line := range bytes.Lines(text) {
		rest, found := bytes.CutPrefix(line, []byte(series+" "))
		if !found {
			continue
		}
		value, err := strconv.ParseFloat(string(bytes.TrimSpace(rest)), 64)
		return value, err == nil
	}
	return 0, false
}
