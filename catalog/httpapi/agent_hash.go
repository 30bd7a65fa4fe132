package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
)

// local is what a look at the agent's own registrations found.
type local struct {
	value any
	hash  string // of all of the value
}

// byHash serves a read of what is registered with this agent, which no index counts.
// With ?hash it waits until the answer is no longer the one with that hash, or ?wait is
// over. look is called again after every change. It starts no goroutine.
func (s *Server) byHash(r *request, look func() (local, error)) (answer, error) {
	opts, err := r.readOptions()
	if err != nil {
		return answer{}, err
	}
	hash := r.query.Get("hash")
	over := hash == ""
	p := pause{s: s, r: r, most: opts}
	defer p.end()
	a := answer{}
	for {
		changed := s.deps.Registrations.Changed()
		found, err := look()
		if err != nil {
			return a, err
		}
		if over || found.hash != hash {
			a.json = found.value
			a.header = http.Header{"X-Consul-Contenthash": {found.hash}}
			return a, nil
		}
		a.waited = true
		if over, err = p.wait(changed, nil); err != nil {
			return a, err
		}
	}
}

// hashed is a value with its hash.
func hashed(value any) (local, error) {
	hash, err := contentHash(value)
	return local{value, hash}, err
}

// contentHash sums up all fields; encoding/json writes maps in the order of their keys.
func contentHash(value any) (string, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8]), nil
}
