package gossip

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"

	"github.com/hashicorp/memberlist"
)

const (
	maxKey      = 32
	maxKeys     = 32 // on a ring: a list of them must fit into one message
	keyringFile = "keyring.json"
)

// keyring is this agent's keys: what memberlist uses, and the file.
type keyring struct {
	path string // "": not kept
	ring *memberlist.Keyring

	mu sync.Mutex // serialises changes
}

// keyFile is the body of keyring.json; the first key encrypts.
type keyFile struct{ Keys [][]byte }

// openKeyring returns the keys of the file if there is one, else the given ones,
// which are then written there. nil: there are none. differs tells that the file
// rules and its first key is not the first one given.
func openKeyring(path string, given [][]byte) (k *keyring, differs bool, err error) {
	keys := given
	if path != "" {
		var kept keyFile
		switch err := readFile(path, &kept); {
		case err == nil && len(kept.Keys) == 0:
			return nil, false, fmt.Errorf("keyring: %s holds no keys; remove it to gossip in the clear", path)
		case err == nil:
			keys = kept.Keys
			differs = len(given) > 0 && !bytes.Equal(given[0], keys[0])
		case !errors.Is(err, fs.ErrNotExist):
			return nil, false, fmt.Errorf("keyring: %w; restore it, or remove it to begin again with the configured key", err)
		case len(given) > 0:
			if err := writeFile(path, keyFile{given}); err != nil {
				return nil, false, fmt.Errorf("keyring: %w", err)
			}
		}
	}
	if len(keys) == 0 {
		return nil, false, nil
	}
	if len(keys) > maxKeys {
		return nil, false, fmt.Errorf("keyring: %d keys, at most %d", len(keys), maxKeys)
	}
	ring, err := memberlist.NewKeyring(keys, keys[0])
	if err != nil {
		return nil, false, fmt.Errorf("keyring: %w", err)
	}
	return &keyring{path: path, ring: ring}, differs, nil
}

// keyringPath is where the keys of a pool are kept, "" for nowhere.
func keyringPath(cfg *Config) string {
	if cfg.Dir == "" || !cfg.KeepKeys {
		return ""
	}
	return filepath.Join(cfg.Dir, keyringFile)
}

// keys returns the keys, the primary first.
func (k *keyring) keys() [][]byte { return slices.Clone(k.ring.GetKeys()) }

// change does an operation on this agent's keys: on disk first, so that what was
// answered holds after a crash, too.
func (k *keyring) change(op keyOp, key []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	keys := k.keys()
	at := slices.IndexFunc(keys, func(have []byte) bool { return bytes.Equal(have, key) })
	switch {
	case op == keyList, op == keySpare && at != 0:
		return nil
	case op == keyInstall && at >= 0, op == keyRemove && at < 0:
		return nil // done already: an operation that did not reach all can be repeated
	case op == keyInstall && len(keys) >= maxKeys:
		return fmt.Errorf("there are %d keys already, the most there may be", len(keys))
	case op == keyInstall:
		if err := memberlist.ValidateKey(key); err != nil {
			return err
		}
		keys = append(keys, key)
	case at < 0:
		return errors.New("the key is not installed")
	case op == keyHas:
		return nil
	case op == keyUse:
		keys = slices.Insert(slices.Delete(keys, at, at+1), 0, key)
	case at == 0:
		return errors.New("the key is the one that encrypts: use another first")
	default:
		keys = slices.Delete(keys, at, at+1)
	}
	if k.path != "" {
		if err := writeFile(k.path, keyFile{keys}); err != nil {
			return fmt.Errorf("the keyring cannot be written: %w", err)
		}
	}
	switch op {
	case keyInstall:
		return k.ring.AddKey(key)
	case keyUse:
		return k.ring.UseKey(key)
	default:
		return k.drop(keys, key)
	}
}

// drop takes a key off the ring, to leave the given ones. memberlist's RemoveKey
// shifts entries within an array that others read without a lock, but for the
// last one, which it merely cuts off. So the key is made the last first; each step makes a new array.
func (k *keyring) drop(left [][]byte, key []byte) error {
	if have := k.keys(); !bytes.Equal(have[len(have)-1], key) {
		for _, other := range slices.Backward(left) {
			if err := k.ring.UseKey(other); err != nil {
				return err
			}
		}
	}
	return k.ring.RemoveKey(key)
}
