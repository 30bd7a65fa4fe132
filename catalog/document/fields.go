package document

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// field is one key of a struct.
type field struct {
	index []int  // as reflect.Value.FieldByIndex takes it
	name  string // canonical
}

// shape is the keys of a struct type.
type shape struct {
	fields map[string]field // by folded key, aliases included
	names  []string         // every key as tagged, for suggestions
}

// Shapes remembers the keys of struct types from one Decode to the next, which
// pays for whoever decodes many small documents. The zero value is ready, safe
// for concurrent use, and grows by the types it meets, nothing else.
type Shapes struct{ byType sync.Map } // reflect.Type -> *shape

func (k *Shapes) of(t reflect.Type) *shape {
	if s, known := k.byType.Load(t); known {
		return s.(*shape)
	}
	s := &shape{fields: map[string]field{}}
	s.add(t, nil)
	k.byType.Store(t, s)
	return s
}

// add takes up the fields of t, which stands within the shape's own type at index.
func (s *shape) add(t reflect.Type, within []int) {
	for i := range t.NumField() {
		f := t.Field(i)
		index := append(slices.Clone(within), i)
		if f.Anonymous && f.Type.Kind() == reflect.Struct {
			s.add(f.Type, index)
			continue
		}
		keys := f.Tag.Get("key")
		if keys == "" {
			keys = f.Name
		}
		if !f.IsExported() || keys == "-" {
			continue
		}
		names := strings.Split(keys, ",")
		for _, name := range names {
			if _, taken := s.fields[Fold(name)]; taken {
				panic(fmt.Sprintf("document: two fields of %v have the key %q", t, name))
			}
			s.fields[Fold(name)] = field{index: index, name: names[0]}
		}
		s.names = append(s.names, names...)
	}
}

// suggest returns the name nearest to an unknown key, or "".
func suggest(key string, names []string) string {
	folded := Fold(key)
	if len(folded) > 64 {
		return ""
	}
	best, least := "", 1+len(folded)/4+1
	for _, name := range names {
		if n := distance(folded, Fold(name)); n < least {
			best, least = name, n
		}
	}
	return best
}

// distance is how many letters must be put in, left out, changed or swapped with
// their neighbour to make b of a (optimal string alignment).
func distance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := last[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			row[j] = min(last[j]+1, row[j-1]+1, change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}

// quote returns a key as it stands in paths: bare when it is plain, so that it
// reads well, and quoted when it could break the line or hide where it ends.
func quote(key string) string {
	plain := key != "" && len(key) <= 64 && !strings.ContainsFunc(key, func(r rune) bool {
		return r <= ' ' || r == '"' || r > '~'
	})
	if plain {
		return key
	}
	return strconv.Quote(clip(key, 64))
}

func bracket(i int) string { return "[" + strconv.Itoa(i) + "]" }
