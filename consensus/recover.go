package consensus

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"muster/catalog"

	"github.com/hashicorp/raft"
)

// peersFile is how an operator gives a cluster that has lost its quorum for good a new configuration.
const peersFile = "peers.json"

// peer is a server in a peers file, as Consul has it.
type peer struct {
	ID       string `json:"id"`
	Address  string `json:"address"`
	NonVoter bool   `json:"non_voter"`
}

// recoverCluster forces the configuration of a peers file in the data directory upon
// its raft state, if there is one. All that stands in the log counts as committed from then on.
// The file is kept under another name; a crash before that repeats the whole, to the same effect.
func recoverCluster(cfg Config, s *stores) error {
	if cfg.Dir == "" {
		return nil
	}
	path := filepath.Join(cfg.Dir, peersFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("recovery: %w", err)
	}
	servers, err := parsePeers(data)
	if err != nil {
		return fmt.Errorf("recovery: %s:%w", path, err)
	}
	if err := checkServers(servers, cfg.ID); err != nil {
		return fmt.Errorf("recovery: %s: %w", path, err)
	}
	cfg.Logger.Warn("peers.json found: forcing a new raft configuration", "file", path, "servers", fmt.Sprint(servers))
	if err := force(cfg, s, configurationOf(servers)); err != nil {
		return fmt.Errorf("recovery by %s: %w", path, err)
	}
	done := path + ".done"
	if err := errors.Join(os.Rename(path, done), syncDir(cfg.Dir)); err != nil {
		return fmt.Errorf("recovery done, but its order still stands: %w", err)
	}
	cfg.Logger.Warn("recovery done: the raft configuration is the one of peers.json", "kept_as", done)
	return nil
}

// force rewrites the raft state. The fsm it needs for that is thrown away.
func force(cfg Config, s *stores, c raft.Configuration) error {
	machine := &fsm{
		state: catalog.New(), admit: complete(s),
		fail: func(error) {}, // raft asks for a snapshot next, and is told the error
	}
	_, trans := raft.NewInmemTransport(raft.ServerAddress(cfg.Address))
	err := raft.RecoverCluster(cfg.raft(bridge(cfg.Logger)), machine, s.logs, s.stable, s.snapshots, trans, c)
	if machine.refusal != nil {
		return fmt.Errorf("raft state %w", machine.refusal)
	}
	return err
}

// parsePeers reads a JSON list of peers. Errors name line and column.
func parsePeers(data []byte) ([]Server, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var peers []peer
	err := dec.Decode(&peers)
	at := dec.InputOffset()
	if err == nil {
		if _, more := dec.Token(); !errors.Is(more, io.EOF) {
			at, err = dec.InputOffset(), errors.New("something follows the list")
		}
	}
	if err != nil {
		before := data[:offsetOf(err, at, len(data))]
		line := 1 + bytes.Count(before, []byte("\n"))
		column := len(before) - bytes.LastIndexByte(before, '\n')
		return nil, fmt.Errorf("%d:%d: want a list of {\"id\", \"address\", \"non_voter\"}: %w", line, column, err)
	}
	servers := make([]Server, len(peers))
	for i, p := range peers {
		servers[i] = Server{ID: p.ID, Address: p.Address, Voter: !p.NonVoter}
	}
	return servers, nil
}

// offsetOf is where in size bytes of JSON an error is; fallback if it does not say.
func offsetOf(err error, fallback int64, size int) int64 {
	at := fallback
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = e.Offset - 1 // it counts the offending byte
	} else if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		at = e.Offset - 1
	} else if errors.Is(err, io.ErrUnexpectedEOF) {
		at = int64(size)
	}
	return max(0, min(at, int64(size)))
}

// syncDir makes a rename within a directory last.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
