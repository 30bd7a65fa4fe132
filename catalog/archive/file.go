package archive

import (
	"io"

	"muster/catalog/durable"
)

// Save makes the archive that r gives the content of a file, readable by its owner
// alone. The file is there, or changes, only when the archive was verified as it came.
func Save(path string, r io.Reader) (Meta, error) {
	var m Meta
	err := durable.ReplaceBy(path, func(w io.Writer) (err error) {
		m, err = Verify(io.TeeReader(r, w), nil)
		return err
	})
	if err != nil {
		return Meta{}, err
	}
	return m, nil
}
