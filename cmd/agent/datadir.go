package agent

import (
	"fmt"
	"log/slog"
	"os"
)

// prepareDataDir makes the data directory, or takes the one that is there with the
// mode that somebody gave it. All in it is for this agent alone, whatever that is.
func prepareDataDir(dir string, log *slog.Logger) error {
	if dir == "" {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	// Not refused: volumes of containers come like this, and nobody else is in there.
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		log.Warn("data directory can be written to by others, who may replace what this agent trusts",
			"directory", dir, "mode", fmt.Sprintf("%04o", mode), "remedy", "chmod go-w")
	}
	return nil
}
