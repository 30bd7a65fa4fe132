package catalog

import "strings"

// Pair returns a key's pair, or nil, and its mark. A key that was deleted keeps the index of its deletion.
func (s *Snapshot) Pair(key string) (*Pair, Mark) {
	m := Mark{Index: 1, Changed: s.watch(watchPair(key))}
	p := s.pair(key)
	if p != nil {
		m.Index = max(p.ModifyIndex, s.versionIndex(resRestored))
		return p, m
	}
	if g := s.grave(key); g != nil {
		m.Index = g.Index
	}
	m.Index = max(m.Index, s.versionIndex(resGraveFloor))
	return nil, m
}

// Pairs returns every pair whose key begins with prefix, in key order.
func (s *Snapshot) Pairs(prefix string) ([]*Pair, Mark) {
	m := Mark{Index: max(1, s.versionIndex(resGraveFloor)), Changed: s.watch(watchPairs(prefix))}
	var out []*Pair
	for p := range s.keys.rows(byID, pairsBelow(prefix)) {
		m.Index = max(m.Index, p.ModifyIndex)
		out = append(out, p)
	}
	for g := range s.graves.rows(byID, gravesBelow(prefix)) {
		m.Index = max(m.Index, g.Index)
	}
	return out, m
}

// Keys returns the keys that begin with prefix, in order. With a separator, what
// follows its first occurrence after the prefix is cut off, and equal results are given once.
func (s *Snapshot) Keys(prefix, separator string) ([]string, Mark) {
	pairs, m := s.Pairs(prefix)
	var out []string
	for _, p := range pairs {
		key := p.Key
		if separator != "" {
			if i := strings.Index(key[len(prefix):], separator); i >= 0 {
				key = key[:len(prefix)+i+len(separator)]
			}
		}
		if len(out) == 0 || out[len(out)-1] != key {
			out = append(out, key)
		}
	}
	return out, m
}

// versionIndex returns the index of a resource, 0 if it never changed.
func (s *Snapshot) versionIndex(resource string) uint64 {
	if v := s.version(resource); v != nil {
		return v.Index
	}
	return 0
}
