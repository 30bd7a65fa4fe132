package agent

import (
	"context"
	"log/slog"

	"muster/catalog"
)

// watchBrakes tells the log of brakes that come on and end. Every agent does: each answers by them.
func (a *Agent) watchBrakes(ctx context.Context) {
	known := map[string]catalog.Brake{}
	for {
		brakes, mark := a.state.Snapshot().Brakes()
		known = tellBrakes(known, brakes, a.logs.With("room", "dns"), a.metrics.Guards.Engaged)
		select {
		case <-ctx.Done():
			return
		case <-mark.Changed:
		}
	}
}

// tellBrakes tells in what way brakes differ from those known before, and returns them.
func tellBrakes(known map[string]catalog.Brake, brakes []*catalog.Brake, log *slog.Logger, engaged func()) map[string]catalog.Brake {
	now := make(map[string]catalog.Brake, len(brakes))
	for _, b := range brakes {
		now[b.Service] = *b
		was, old := known[b.Service]
		switch {
		case !old || was.Index != b.Index:
			engaged()
			log.Warn("brake: too many instances failed together, answers keep them", "service", b.Service,
				"failed", b.Failed, "of", b.Of, "allowed_percent", b.Percent, "index", b.Index)
			if b.Lifted {
				log.Warn("brake lifted: answers leave out failing instances", "service", b.Service)
			}
		case b.Lifted && !was.Lifted:
			log.Warn("brake lifted: answers leave out failing instances", "service", b.Service)
		}
	}
	for service, was := range known {
		if _, still := now[service]; !still {
			log.Info("brake ended", "service", service, "lifted", was.Lifted)
		}
	}
	return now
}

// measureGuards brings the gauges of guards up to date.
func (a *Agent) measureGuards(snap *catalog.Snapshot) {
	on, lifted, fallen, starting := 0, 0, 0, 0
	brakes, _ := snap.Brakes()
	for _, b := range brakes {
		if b.Lifted {
			lifted++
		} else {
			on++
		}
	}
	turns, _ := snap.Turns()
	for _, r := range turns {
		if r.Fell {
			fallen++
		} else {
			starting++
		}
	}
	a.metrics.Guards.Set(on, lifted, fallen, starting)
}
