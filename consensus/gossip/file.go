package gossip

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"muster/catalog/durable"
)

// fileVersion is the version of what members.json and keyring.json hold.
const fileVersion = 1

// sealed is a file of ours: a body, its version, and the SHA-256 of the body as it stands there.
type sealed struct {
	Version int
	Sum     string
	Body    json.RawMessage
}

// writeFile replaces a file, readable by its owner alone.
func writeFile(path string, body any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(raw)
	data, err := json.Marshal(sealed{Version: fileVersion, Sum: hex.EncodeToString(sum[:]), Body: raw})
	if err != nil {
		return err
	}
	return durable.Replace(path, append(data, '\n'))
}

// readFile reads what writeFile wrote. The error of a file that is not there is fs.ErrNotExist.
func readFile(path string, body any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := unseal(data, body); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func unseal(data []byte, body any) error {
	var s sealed
	if err := strict(data, &s); err != nil {
		return fmt.Errorf("damaged: %w", err)
	}
	if s.Version != fileVersion {
		return fmt.Errorf("has version %d, this build knows %d", s.Version, fileVersion)
	}
	sum := sha256.Sum256(s.Body)
	if hex.EncodeToString(sum[:]) != s.Sum {
		return errors.New("damaged: the checksum does not match")
	}
	return strict(s.Body, body)
}

// strict decodes without dropping what this build does not know.
func strict(data []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	return dec.Decode(into)
}
