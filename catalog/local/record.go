package local

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"muster/catalog"
)

// A record is one file: a header line "muster-local VERSION SHA256" and a JSON
// body, over which, with all before the sum, the sum is taken.
const (
	recordMagic   = "muster-local"
	recordVersion = "1"
)

// record is what the body says: a service with the checks that belong to its
// definition, or a check that stands alone.
type record struct {
	Service *catalog.ServiceDefinition `json:",omitempty"`
	Check   *catalog.CheckDefinition   `json:",omitempty"`
	Until   time.Time                  `json:",omitzero"` // when a maintenance check goes; zero: never
}

func encodeRecord(r record) ([]byte, error) {
	body, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return nil, fmt.Errorf("encode registration: %w", err)
	}
	return fmt.Appendf(nil, "%s %s %s\n%s\n", recordMagic, recordVersion, recordSum(recordVersion, body), body), nil
}

func recordSum(version string, body []byte) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s %s\n", recordMagic, version)
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

func decodeRecord(data []byte) (record, error) {
	header, body, found := bytes.Cut(data, []byte("\n"))
	fields := strings.Fields(string(header))
	if !found || len(fields) != 3 || fields[0] != recordMagic {
		return record{}, errors.New("damaged: the first line is not that of a registration")
	}
	if fields[1] != recordVersion {
		return record{}, fmt.Errorf("has version %s, this build knows %s", fields[1], recordVersion)
	}
	body = bytes.TrimSuffix(body, []byte("\n"))
	if recordSum(fields[1], body) != fields[2] {
		return record{}, errors.New("damaged: the checksum does not match")
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields() // what this build does not know it would lose
	var r record
	if err := dec.Decode(&r); err != nil {
		return record{}, fmt.Errorf("written by another build: %w", err)
	}
	if (r.Service == nil) == (r.Check == nil) {
		return record{}, errors.New("holds neither one service nor one check")
	}
	if r.Service != nil && r.Service.Weights == nil {
		return record{}, errors.New("holds a service without weights")
	}
	return r, nil
}
