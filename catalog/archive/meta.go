package archive

import (
	"encoding/json"
	"fmt"
	"time"

	"muster/catalog"
)

const (
	// Format is what every archive calls itself.
	Format = "muster-snapshot"
	// Version is that of the archives this build writes, and the only one it reads.
	Version = 1
	// MaxStateBytes is the largest state that an archive holds, unpacked.
	MaxStateBytes = 8<<30 - 1 // as far as the size field of ustar goes

	maxMetaBytes = 64 << 10
	maxSumsBytes = 1 << 10
)

// The members of an archive, in their order.
const (
	metaName  = "meta.json"
	stateName = "state.bin"
	sumsName  = "SHA256SUMS"
)

// About is what a state does not know of itself.
type About struct {
	Term       uint64 // raft term at which the snapshot was taken; 0: not known
	Created    time.Time
	Datacenter string
	Node       string // name of the agent that wrote it
	Build      string // version of muster that wrote it
}

// Meta says what a snapshot is.
type Meta struct {
	Format  string // [Format]
	Version int    // [Version]
	Index   uint64 // raft index of the state
	About
	Counts     catalog.Counts
	StateBytes int64 // size of the state, unpacked
}

// parseMeta reads a Meta and refuses those of files that this build cannot read.
func parseMeta(text []byte) (Meta, error) {
	var m Meta
	if err := json.Unmarshal(text, &m); err != nil {
		return Meta{}, fmt.Errorf("%s: %w", metaName, err)
	}
	switch {
	case m.Format == "":
		return Meta{}, fmt.Errorf("%s: this is no snapshot of muster's; one of Consul's cannot be read, its keys are moved by kv export and kv import", metaName)
	case m.Format != Format:
		return Meta{}, fmt.Errorf("%s: this is no snapshot of muster (format %.40q)", metaName, m.Format)
	case m.Version != Version:
		return Meta{}, fmt.Errorf("%s: version %d of the format, this build reads version %d", metaName, m.Version, Version)
	case m.StateBytes < 0 || m.StateBytes > MaxStateBytes:
		return Meta{}, fmt.Errorf("%s: a state of %d bytes, the limit is %d", metaName, m.StateBytes, int64(MaxStateBytes))
	}
	return m, nil
}
