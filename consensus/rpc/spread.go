package rpc

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"sync"
	"time"
)

// avoidFor is how long a server that failed comes after all others.
const avoidFor = 10 * time.Second

// spread orders servers so that each agent has one of its own to turn to and the
// agents of one that is gone turn to all others (rendezvous hashing).
type spread struct {
	node string // this agent's id

	mu     sync.Mutex
	failed map[string]time.Time
}

func newSpread(node string) *spread { return &spread{node: node, failed: map[string]time.Time{}} }

// order returns the servers, the one to ask first in front. Those that have just
// failed come last, the one that failed longest ago first.
func (s *spread) order(servers []string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for addr, at := range s.failed {
		if time.Since(at) >= avoidFor {
			delete(s.failed, addr)
		}
	}
	out := slices.Clone(servers)
	slices.SortFunc(out, func(a, b string) int {
		return cmp.Or(s.failed[a].Compare(s.failed[b]), cmp.Compare(s.weight(a), s.weight(b)))
	})
	return slices.Compact(out)
}

// home is the server that order would begin with if none had failed; "" for none.
func (s *spread) home(servers []string) string {
	if len(servers) == 0 {
		return ""
	}
	return slices.MinFunc(servers, func(a, b string) int { return cmp.Compare(s.weight(a), s.weight(b)) })
}

// fail notes that a server failed.
func (s *spread) fail(addr string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed[addr] = time.Now()
}

// well reports whether a server has not failed of late.
func (s *spread) well(addr string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, ok := s.failed[addr]
	return !ok || time.Since(at) >= avoidFor
}

func (s *spread) weight(addr string) uint64 {
	sum := sha256.Sum256([]byte(s.node + "\x00" + addr))
	return binary.BigEndian.Uint64(sum[:])
}
