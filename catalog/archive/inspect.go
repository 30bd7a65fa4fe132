package archive

import (
	"cmp"
	"io"
	"slices"
	"strings"

	"muster/catalog"
)

// Inspection is what a snapshot consists of.
type Inspection struct {
	Meta  Meta
	Kinds []Rows // all rows by their kinds, those that take most first
	Keys  []Rows // keys by their first path elements, those that take most first
}

// Rows are rows that have something in common.
type Rows struct {
	Name  string // of a kind, or the first path elements of keys, which may be any bytes
	Count int
	Bytes int64 // of the state, unpacked
}

// KeyGroups says which keys an Inspection tells of, and how.
type KeyGroups struct {
	Depth  int    // keys with the same first so many path elements are one group; 0: it tells of none
	Prefix string // only keys that begin with it
}

// Inspect verifies an archive and says what it consists of.
func Inspect(r io.Reader, groups KeyGroups) (Inspection, error) {
	kinds, keys := sizes{}, sizes{}
	m, err := Verify(r, func(row catalog.Row) {
		kinds.add(row.Kind.String(), row.Bytes)
		if groups.Depth > 0 && row.Kind == catalog.RowKey && strings.HasPrefix(row.Key(), groups.Prefix) {
			keys.add(firstElements(row.Key(), groups.Depth), row.Bytes)
		}
	})
	if err != nil {
		return Inspection{}, err
	}
	return Inspection{Meta: m, Kinds: kinds.list(), Keys: keys.list()}, nil
}

// sizes counts rows under names.
type sizes map[string]*Rows

func (s sizes) add(name string, bytes int) {
	if s[name] == nil {
		s[name] = &Rows{Name: name}
	}
	s[name].Count++
	s[name].Bytes += int64(bytes)
}

func (s sizes) list() []Rows {
	list := make([]Rows, 0, len(s))
	for _, rows := range s {
		list = append(list, *rows)
	}
	slices.SortFunc(list, func(a, b Rows) int { return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), strings.Compare(a.Name, b.Name)) })
	return list
}

// firstElements cuts a key behind so many path elements.
func firstElements(key string, depth int) string {
	at := 0
	for range depth {
		next := strings.IndexByte(key[at:], '/')
		if next < 0 {
			return key
		}
		at += next + 1
	}
	return key[:at-1]
}
