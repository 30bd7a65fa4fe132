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
	modes := 0
	for _, on := range []bool{c.CAS, c.Acquire != "", c.Release != ""} {
		if on {
			modes++
		}
	}
	switch {
	case modes > 1:
		return Result{}, Errorf(Invalid, "key %q: cas, acquire and release exclude each other", key)
	case c.Acquire != "" && t.session(c.Acquire) == nil:
		return Result{}, Errorf(NotFound, "invalid session %q", c.Acquire)
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
		p.CreateIndex, p.LockIndex, p.Session = old.CreateIndex, old.LockIndex, old.Session
	}
	if c.Acquire != "" && !t.acquire(p, c.Acquire) || c.Release != "" && !release(p, c.Release) {
		return Result{}, nil
	}
	put(t, &t.keys, p)
	return Result{OK: true}, nil
}

// acquire locks the row that is about to be written, unless somebody else holds it or may have held it just now.
func (t *tx) acquire(p *Pair, session string) bool {
	switch {
	case p.Session == session:
		return true
	case p.Session != "" || t.delay(p.Key) != nil:
		return false
	}
	p.Session = session
	p.LockIndex++
	return true
}

// release unlocks the row that is about to be written, if the session holds it.
func release(p *Pair, session string) bool {
	if p.Session != session {
		return false
	}
	p.Session = ""
	return true
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
	if p == nil {
		return Result{OK: true}, nil // whatever index was asked for: the key is as gone as it was to be
	}
	if c.CAS && p.ModifyIndex != c.Index {
		return Result{}, nil
	}
	t.bury(p)
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
