package agent

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"

	"muster/catalog/durable"
)

// nodeID returns the UUID this node is known by for ever: the configured one, the
// one kept in dir, or a new one that is then kept there. With no dir, each start has its own.
func nodeID(dir, configured string) (string, error) {
	if configured != "" {
		return strings.ToLower(configured), writeNodeID(dir, configured)
	}
	if dir == "" {
		return newUUID()
	}
	path := filepath.Join(dir, "node-id")
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		id, err := newUUID()
		if err != nil {
			return "", err
		}
		return id, writeNodeID(dir, id)
	}
	if err != nil {
		return "", fmt.Errorf("read node id: %w", err)
	}
	id, err := uuid.Parse(strings.TrimSpace(string(data)))
	if err != nil {
		return "", fmt.Errorf("read node id: %s does not hold a UUID: %w", path, err)
	}
	return id.String(), nil
}

func newUUID() (string, error) {
	id, err := uuid.NewRandomFromReader(rand.Reader)
	if err != nil {
		return "", fmt.Errorf("make node id: %w", err)
	}
	return id.String(), nil
}

// writeNodeID keeps id in dir.
func writeNodeID(dir, id string) error {
	if dir == "" {
		return nil
	}
	if err := durable.Replace(filepath.Join(dir, "node-id"), []byte(strings.ToLower(id)+"\n")); err != nil {
		return fmt.Errorf("write node id: %w", err)
	}
	return nil
}
