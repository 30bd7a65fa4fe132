package local

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"muster/catalog"
	"muster/catalog/durable"
)

// disk keeps registrations as one file each, named by the hash of the id, since
// an id may hold what a file name cannot. A file is replaced as a whole or not at all.
type disk struct {
	services string // directory
	checks   string // directory
}

const recordSuffix = ".json"

// openDisk makes the directories and clears away what an earlier death left half-written.
func openDisk(dir string) (*disk, error) {
	d := &disk{services: filepath.Join(dir, "services"), checks: filepath.Join(dir, "checks")}
	for _, sub := range []string{d.services, d.checks} {
		if err := os.MkdirAll(sub, 0o700); err != nil {
			return nil, fmt.Errorf("registrations: %w", err)
		}
		if err := durable.Sweep(sub); err != nil {
			return nil, fmt.Errorf("registrations: %w", err)
		}
	}
	return d, nil
}

func fileOf(dir, id string) string {
	sum := sha256.Sum256([]byte(id))
	return filepath.Join(dir, hex.EncodeToString(sum[:])+recordSuffix)
}

// load reads every registration. The error joins one for each bad file.
func (d *disk) load() (services []catalog.ServiceDefinition, checks []*check, err error) {
	serviceErr := eachRecord(d.services, func(r record) (id string) {
		if r.Service == nil {
			return ""
		}
		services = append(services, *r.Service)
		return r.Service.ID
	})
	checkErr := eachRecord(d.checks, func(r record) (id string) {
		if r.Check == nil {
			return ""
		}
		checks = append(checks, &check{def: *r.Check, from: fromHTTP, until: r.Until})
		return r.Check.ID
	})
	return services, checks, errors.Join(serviceErr, checkErr)
}

// eachRecord hands every record of a directory to take, which returns the id it
// found, "" for none of its kind.
func eachRecord(dir string, take func(record) (id string)) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("registrations: %w", err)
	}
	var errs []error
	for _, f := range entries {
		if !strings.HasSuffix(f.Name(), recordSuffix) {
			continue // not ours
		}
		path := filepath.Join(dir, f.Name())
		data, err := os.ReadFile(path)
		if err != nil {
			errs = append(errs, fmt.Errorf("registration: %w", err))
			continue
		}
		r, err := decodeRecord(data)
		if err == nil {
			if id := take(r); id == "" || fileOf(dir, id) != path {
				err = errors.New("holds another registration than its name says")
			}
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("registration %s: %w; restore the file, or remove it and register again", path, err))
		}
	}
	return errors.Join(errs...)
}

// save writes what an edit changed. Services come first: a check's own file may
// only go once it stands in its service's, and with its service gone it is recognised as lost.
func (d *disk) save(e *edit) error {
	for id := range e.dirtyServices {
		path := fileOf(d.services, id)
		v := e.services[id]
		if v == nil || v.from != fromHTTP {
			if err := removeRecord(path); err != nil {
				return err
			}
			continue
		}
		def := v.def
		for _, c := range sorted(slices.Values(e.checksOf(id)), func(c *check) string { return c.def.ID }) {
			if c.attached && c.from == fromHTTP {
				def.Checks = append(def.Checks, c.def)
			}
		}
		if err := writeRecord(path, record{Service: &def}); err != nil {
			return err
		}
	}
	for id := range e.dirtyChecks {
		path := fileOf(d.checks, id)
		var err error
		if c := e.checks[id]; c != nil && c.from == fromHTTP && !c.attached {
			err = writeRecord(path, record{Check: &c.def, Until: c.until})
		} else {
			err = removeRecord(path)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func writeRecord(path string, r record) error {
	data, err := encodeRecord(r)
	if err != nil {
		return err
	}
	if err := durable.Replace(path, data); err != nil {
		return fmt.Errorf("keep registration: %w", err)
	}
	return nil
}

func removeRecord(path string) error {
	if err := durable.Remove(path); err != nil {
		return fmt.Errorf("drop registration: %w", err)
	}
	return nil
}
