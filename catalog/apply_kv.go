package catalog

import "slices"

// maxGraves bounds how many deletions are remembered one by one. Beyond it the
// oldest make place, and the index of every prefix is at least the newest of those.
const maxGraves = 8192

func (c *SetKey) apply(t *tx) (Result, error) {
	key := string(c.Key)
	switch {
	case key == "":
		return Result{}, Errorf(Invalid, "key is missing")
	case len(key) > MaxKeyBytes:
		return Result{}, Errorf(TooLarge, "key has %d bytes, the limit is %d", len(key), MaxKeyBytes)
	case len(c.Value) > MaxValueBytes:
		return Result{}, Errorf(TooLarge, "value of key %q has %d bytes, the limit is %d", key, len(c.Value), MaxValueBytes)
	}
	p := &Pair{Key: key, Value: c.Value, Flags: c.Flags, CreateIndex: t.index, ModifyIndex: t.index}
	old := t.pair(key)
	if c.CAS && (old == nil) != (c.Index == 0) {
		return Result{}, nil
	}
	if old != nil {
		if c.CAS && old.ModifyIndex != c.Index {
			return Result{}, nil
		}
		p.CreateIndex, p.LockIndex = old.CreateIndex, old.LockIndex
	}
	put(t, &t.keys, p)
	return Result{OK: true}, nil
}

func (c *DeleteKey) apply(t *tx) (Result, error) {
	key := string(c.Key)
	if c.Tree {
		for _, p := range slices.Collect(t.keys.rows(byID, pairsBelow(key))) {
			t.bury(p)
		}
		return Result{OK: true}, nil
	}
	p := t.pair(key)
	if c.CAS && (p == nil || p.ModifyIndex != c.Index) {
		return Result{}, nil
	}
	if p != nil {
		t.bury(p)
	}
	return Result{OK: true}, nil
}

// bury removes a key and remembers the index of its removal.
func (t *tx) bury(p *Pair) {
	remove(t, &t.keys, p)
	put(t, &t.graves, &grave{Key: p.Key, Index: t.index})
	for t.graves.len() > maxGraves {
		for oldest := range t.graves.rows(gravesByAge, nil) {
			remove(t, &t.graves, oldest)
			put(t, &t.versions, &version{Resource: resGraveFloor, Index: oldest.Index})
			break
		}
	}
}
