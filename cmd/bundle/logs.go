package bundle

import (
	"bytes"
	"context"
	"errors"
	"io"
)

// logs listens to the agent's log for the duration.
func (g *gathering) logs(ctx context.Context) {
	g.capture(ctx, "logs", "muster.log", func() ([]byte, bool, error) {
		ctx, cancel := context.WithTimeout(ctx, g.cfg.Duration)
		defer cancel()
		lines, err := g.cfg.Agent.Monitor(ctx, "debug", false)
		if err != nil {
			return nil, false, err
		}
		defer lines.Close()
		var log bytes.Buffer
		n, err := io.CopyN(&log, lines, maxFile)
		switch {
		case n == maxFile:
			err = nil
		case ctx.Err() != nil:
			err = nil // it was enough, by the clock or by whoever interrupts
		case err == nil || errors.Is(err, io.EOF):
			err = errors.New("the agent ended its log")
		}
		return []byte(text(log.String())), n == maxFile, err
	})
}
