package catalog

import "strings"

// Pair returns a key's pair, or nil, and its mark. A key that was deleted keeps the index of its deletion.
func (s *Snapshot) Pair(key string) (*Pair, Mark) {
	changed, row, err := s.txn.FirstWatch(tableKeys, "id", key)
	if err != nil {
		panic("catalog: read keys: " + err.Error())
	}
	m := Mark{Index: 1, Changed: changed}
	p, _ := row.(*Pair)
	if p != nil {
		m.Index = p.ModifyIndex
		return p, m
	}
	if g := first[grave](s.txn, tableGraves, "id", key); g != nil {
		m.Index = g.Index
	}
	m.Index = max(m.Index, s.graveFloor())
	return nil, m
}

// Pairs returns every pair whose key begins with prefix, in key order.
func (s *Snapshot) Pairs(prefix string) ([]*Pair, Mark) {
	it, err := s.txn.Get(tableKeys, "id", prefix)
	if err != nil {
		panic("catalog: read keys: " + err.Error())
	}
	m := Mark{Index: max(1, s.graveFloor()), Changed: it.WatchCh()}
	var out []*Pair
	for row := it.Next(); row != nil; row = it.Next() {
		p := row.(*Pair)
		m.Index = max(m.Index, p.ModifyIndex)
		out = append(out, p)
	}
	for g := range rows[grave](s.txn, tableGraves, "id", prefix) {
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

func (s *Snapshot) graveFloor() uint64 {
	if v := first[version](s.txn, tableVersions, "id", resGraveFloor); v != nil {
		return v.Index
	}
	return 0
}
