package httpapi

import (
	"net/http"
	"slices"
	"strings"

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
	Session     string `json:",omitempty"` // that holds the lock
	CreateIndex uint64
	ModifyIndex uint64
}

func shapePair(p *catalog.Pair) *Pair {
	out := &Pair{
		LockIndex: p.LockIndex, Key: p.Key, Flags: p.Flags,
		Session: p.Session, CreateIndex: p.CreateIndex, ModifyIndex: p.ModifyIndex,
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

// putKey writes a key; false means that ?cas did not match, or that somebody else holds
// the lock that ?acquire or ?release speaks of, or that it is too early for it.
func (s *Server) putKey(r *request) (answer, error) {
	key := r.args["key"]
	if key == "" {
		return answer{}, errNoKey
	}
	flags, err := r.uint("flags")
	if err != nil {
		return answer{}, err
	}
	cas, err := r.uint("cas")
	if err != nil {
		return answer{}, err
	}
	if err := oneOf(r, "cas", "acquire", "release"); err != nil {
		return answer{}, err
	}
	acquire, err := r.session("acquire")
	if err != nil {
		return answer{}, err
	}
	release, err := r.session("release")
	if err != nil {
		return answer{}, err
	}
	a, err := s.decide(r, &catalog.SetKey{
		Key: []byte(key), Value: r.body, Flags: flags, CAS: r.has("cas"), Index: cas, Acquire: acquire, Release: release,
	})
	return a, failed(err)
}

// oneOf refuses more than one of some parameters.
func oneOf(r *request, params ...string) error {
	there := slices.DeleteFunc(slices.Clone(params), func(p string) bool { return !r.has(p) })
	if len(there) > 1 {
		return catalog.Errorf(catalog.Invalid, "%s exclude each other", strings.Join(there, " and "))
	}
	return nil
}

// session reads a parameter that names a session; "" when it is not there.
func (r *request) session(param string) (string, error) {
	id := r.query.Get(param)
	if id == "" && r.has(param) {
		return "", catalog.Errorf(catalog.Invalid, "%s: the id of a session is missing", param)
	}
	return id, plain(param, id)
}

// deleteKey removes a key, or with ?recurse all keys that begin with it.
func (s *Server) deleteKey(r *request) (answer, error) {
	key, tree := r.args["key"], r.has("recurse")
	if key == "" && !tree {
		return answer{}, errNoKey
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
