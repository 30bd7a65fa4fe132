package httpapi

import (
	"net/http"

	"muster/catalog"
)

func (s *Server) kvRoutes() []route {
	return []route{{template: "/v1/kv/{key}", place: ofServers, methods: map[string]handler{
		http.MethodGet:    s.getKey,
		http.MethodPut:    s.putKey,
		http.MethodDelete: s.deleteKey,
	}}}
}

// Pair is a key with its value as Consul's clients see it.
type Pair struct {
	LockIndex   uint64
	Key         string
	Flags       uint64
	Value       []byte // base64; null when the value is empty
	CreateIndex uint64
	ModifyIndex uint64
}

func shapePair(p *catalog.Pair) *Pair {
	out := &Pair{
		LockIndex: p.LockIndex, Key: p.Key, Flags: p.Flags,
		CreateIndex: p.CreateIndex, ModifyIndex: p.ModifyIndex,
	}
	if len(p.Value) > 0 {
		out.Value = p.Value
	}
	return out
}

// getKey serves one key, with ?recurse all keys under a prefix, with ?keys their
// names only. What is not there is a 404 with an empty body, save the names of an empty store.
func (s *Server) getKey(r *request) (answer, error) {
	key := r.args["key"]
	switch {
	case r.has("keys"):
		separator := r.query.Get("separator")
		return s.read(r, func(snap *catalog.Snapshot) (found, error) {
			keys, mark := snap.Keys(key, separator)
			return found{value: nonNil(keys), mark: mark, missing: len(keys) == 0 && key != ""}, nil
		})
	case r.has("recurse"):
		return s.read(r, func(snap *catalog.Snapshot) (found, error) {
			pairs, mark := snap.Pairs(key)
			return found{value: each(pairs, shapePair), mark: mark, missing: len(pairs) == 0}, nil
		})
	case key == "":
		return answer{}, errNoKey
	}
	raw := r.has("raw")
	a, err := s.read(r, func(snap *catalog.Snapshot) (found, error) {
		pair, mark := snap.Pair(key)
		switch {
		case pair == nil:
			return found{mark: mark, missing: true}, nil
		case raw:
			return found{raw: nonNil(pair.Value), mark: mark}, nil
		}
		return found{value: []*Pair{shapePair(pair)}, mark: mark}, nil
	})
	if raw {
		// Whoever wrote the value must not get a script into a browser that opens it.
		a.header = http.Header{"Content-Security-Policy": {"sandbox"}}
	}
	return a, err
}

var errNoKey = catalog.Errorf(catalog.Invalid, "key is missing from the path")

// refuseLocks refuses what needs sessions.
func refuseLocks(r *request) error {
	for _, param := range []string{"acquire", "release"} {
		if r.has(param) {
			return catalog.Errorf(catalog.Invalid, "%s: this agent has no sessions, so it cannot lock keys", param)
		}
	}
	return nil
}

// putKey writes a key; false means that ?cas did not match.
func (s *Server) putKey(r *request) (answer, error) {
	key := r.args["key"]
	if key == "" {
		return answer{}, errNoKey
	}
	if err := refuseLocks(r); err != nil {
		return answer{}, err
	}
	flags, err := r.uint("flags")
	if err != nil {
		return answer{}, err
	}
	cas, err := r.uint("cas")
	if err != nil {
		return answer{}, err
	}
	return s.decide(r, &catalog.SetKey{Key: []byte(key), Value: r.body, Flags: flags, CAS: r.has("cas"), Index: cas})
}

// deleteKey removes a key, or with ?recurse all keys that begin with it.
func (s *Server) deleteKey(r *request) (answer, error) {
	key, tree := r.args["key"], r.has("recurse")
	if key == "" && !tree {
		return answer{}, errNoKey
	}
	if err := refuseLocks(r); err != nil {
		return answer{}, err
	}
	cas, err := r.uint("cas")
	switch {
	case err != nil:
		return answer{}, err
	case tree && r.has("cas"):
		return answer{}, catalog.Errorf(catalog.Invalid, "recurse and cas exclude each other")
	}
	return s.decide(r, &catalog.DeleteKey{Key: []byte(key), Tree: tree, CAS: r.has("cas"), Index: cas})
}

// decide commits a command and answers with its verdict, true or false.
func (s *Server) decide(r *request, c catalog.Command) (answer, error) {
	res, err := s.apply(r, c)
	if err != nil {
		return answer{}, err
	}
	return reply(res.OK), nil
}
