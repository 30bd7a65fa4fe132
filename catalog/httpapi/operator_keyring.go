package httpapi

import (
	"context"
	"encoding/base64"
	"net/http"

	"muster/catalog"
)

// Keyring tells how the keys of a gossip pool are spread over its members.
type Keyring struct {
	WAN         bool // the pool of the servers of all datacenters
	Datacenter  string
	Segment     string            // always empty
	Messages    map[string]string `json:",omitempty"` // member to what went wrong there
	Keys        map[string]int    // key to the number of members that hold it
	PrimaryKeys map[string]int    // key to the number of members that encrypt with it
	NumNodes    int
}

func shapeKeyRing(k KeyRing) Keyring {
	out := Keyring{WAN: k.WAN, Datacenter: k.Datacenter, Messages: k.Messages, Keys: k.Keys, PrimaryKeys: k.Primary, NumNodes: k.Members}
	for _, keys := range []*map[string]int{&out.Keys, &out.PrimaryKeys} {
		if *keys == nil {
			*keys = map[string]int{}
		}
	}
	return out
}

// maxRelayFactor is the most that Consul takes.
const maxRelayFactor = 5

// keyringOptions reads ?local-only and checks ?relay-factor, which is for pools of
// another make: members here answer over paths of their own.
func keyringOptions(r *request) (localOnly bool, err error) {
	relays, err := r.uint("relay-factor")
	if err != nil {
		return false, err
	}
	if relays > maxRelayFactor {
		return false, catalog.Errorf(catalog.Invalid, "relay-factor: %d is outside 0..%d", relays, maxRelayFactor)
	}
	localOnly, err = r.flag("local-only")
	if err == nil && localOnly && r.Method != http.MethodGet {
		err = catalog.Errorf(catalog.Invalid, "local-only: keys are changed everywhere or nowhere; it is for listing them")
	}
	return localOnly, err
}

func (s *Server) listKeys(r *request) (answer, error) {
	localOnly, err := keyringOptions(r)
	if err != nil {
		return answer{}, err
	}
	rings, err := s.deps.Operator.Keys(r.Context(), localOnly)
	if err != nil {
		return answer{}, err
	}
	return reply(each(rings, shapeKeyRing)), nil
}

// changeKeys makes the handler of one change of the keys of all members.
func (s *Server) changeKeys(change func(Operator, context.Context, string) error) handler {
	return func(r *request) (answer, error) {
		if _, err := keyringOptions(r); err != nil {
			return answer{}, err
		}
		var body struct{ Key string }
		if err := r.decode(&body); err != nil {
			return answer{}, err
		}
		if !validKey(body.Key) { // which the error does not show
			return answer{}, catalog.Errorf(catalog.Invalid, "Key: is not 16, 24 or 32 bytes in base64, such as `muster keygen` prints")
		}
		return answer{}, change(s.deps.Operator, r.Context(), body.Key)
	}
}

// validKey reports whether a key is one of AES, in base64.
func validKey(key string) bool {
	raw, err := base64.StdEncoding.DecodeString(key)
	return err == nil && (len(raw) == 16 || len(raw) == 24 || len(raw) == 32)
}
