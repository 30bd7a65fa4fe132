package catalog

import (
	"maps"
	"slices"
)

type tagSet map[string]struct{}

func (s tagSet) sorted() []string { return slices.Sorted(maps.Keys(s)) }

// tagSets collects the tags of services by name.
type tagSets map[string]tagSet

func (s tagSets) add(i *Instance) {
	set := s[i.Name]
	if set == nil {
		set = tagSet{}
		s[i.Name] = set
	}
	for _, t := range i.Tags {
		set[t] = struct{}{}
	}
}
