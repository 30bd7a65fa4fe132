package agent

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
)

// consulsState is what Consul keeps below its data directory, servers and clients alike, and muster never does.
var consulsState = []string{"raft/raft.db", "serf/local.snapshot"}

// prepareDataDir makes the data directory, or takes the one that is there with the
// mode that somebody gave it. All in it is for this agent alone, whatever that is.
// One of Consul's is refused: its state would be left unread, and an agent that was to
// take over would begin with an empty catalog, in between the files that lead back.
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
	for _, name := range consulsState {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return fmt.Errorf("data directory: %s holds state of Consul's (%s), which muster does not read: give it a directory of its own", dir, name)
		}
	}
	// Not refused: volumes of containers come like this, and nobody else is in there.
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		log.Warn("data directory can be written to by others, who may replace what this agent trusts",
			"directory", dir, "mode", fmt.Sprintf("%04o", mode), "remedy", "chmod go-w")
	}
	return nil
}
