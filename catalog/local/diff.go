package local

import (
	"fmt"
	"reflect"
	"strings"
)

// Diff counts what a LoadConfig changed.
type Diff struct {
	ServicesAdded, ServicesChanged, ServicesRemoved int
	ChecksAdded, ChecksChanged, ChecksRemoved       int
}

// String returns a line for people, such as "+2 services, ~1 check".
func (d Diff) String() string {
	var parts []string
	for _, p := range []struct {
		sign, noun string
		n          int
	}{
		{"+", "service", d.ServicesAdded},
		{"~", "service", d.ServicesChanged},
		{"-", "service", d.ServicesRemoved},
		{"+", "check", d.ChecksAdded},
		{"~", "check", d.ChecksChanged},
		{"-", "check", d.ChecksRemoved},
	} {
		switch p.n {
		case 0:
		case 1:
			parts = append(parts, p.sign+"1 "+p.noun)
		default:
			parts = append(parts, fmt.Sprintf("%s%d %ss", p.sign, p.n, p.noun))
		}
	}
	if parts == nil {
		return "nothing changed"
	}
	return strings.Join(parts, ", ")
}

// diff compares a table before and after an edit.
func diff(old table, e *edit) Diff {
	var d Diff
	for id := range e.dirtyServices {
		before, after := old.services[id], e.services[id]
		count(before, after, func() bool { return reflect.DeepEqual(before.def, after.def) },
			&d.ServicesAdded, &d.ServicesChanged, &d.ServicesRemoved)
	}
	for id := range e.dirtyChecks {
		before, after := old.checks[id], e.checks[id]
		count(before, after, func() bool { return reflect.DeepEqual(before.def, after.def) },
			&d.ChecksAdded, &d.ChecksChanged, &d.ChecksRemoved)
	}
	return d
}

func count[T any](before, after *T, same func() bool, added, changed, removed *int) {
	switch {
	case before == nil && after == nil:
	case before == nil:
		*added++
	case after == nil:
		*removed++
	case !same():
		*changed++
	}
}
