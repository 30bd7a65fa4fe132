package dns

import (
	"strings"

	"muster/catalog"
)

const (
	// tagSets is of how many services the tags are kept, and mostTags how many of one: together some 5 MiB at most.
	tagSets, mostTags = 64, 1024
)

// serviceTags tells which tags no instance of a service carries, so that names with tags that people make
// up take no look at every instance. It is one worker's own.
type serviceTags struct{ sets [tagSets]*tagSet }

// tagSet is the tags of all instances of a service, healthy or not, folded.
type tagSet struct {
	service string
	moment  catalog.Moment  // at which it was last looked whether the service has changed
	changed <-chan struct{} // closed when it has
	many    bool            // more than are kept
	tags    map[string]struct{}
	ends    map[string]struct{} // what follows a dot in them: the ancestors of their names
}

// might reports whether the name of a service with a tag part may exist; see [tagged] for what
// that means. Both are folded. With false it certainly does not.
func (t *serviceTags) might(s *catalog.Snapshot, service, tag string) bool {
	set := t.of(s, service)
	if set.many || has(set.tags, tag) || has(set.ends, tag) {
		return true
	}
	for label := range strings.SplitSeq(tag, ".") {
		if !has(set.tags, label) {
			return false
		}
	}
	return true // each has some instance: one may have them all
}

func has(set map[string]struct{}, name string) bool {
	_, has := set[name]
	return has
}

// of returns the tags of a service.
func (t *serviceTags) of(s *catalog.Snapshot, service string) *tagSet {
	at := uint(0)
	for i := range len(service) {
		at = 31*at + uint(service[i])
	}
	set := &t.sets[at%tagSets]
	if *set == nil || (*set).service != service || !(*set).holds(s) {
		*set = newTagSet(s, strings.Clone(service))
	}
	return *set
}

// holds reports whether nothing has changed.
func (t *tagSet) holds(s *catalog.Snapshot) bool {
	if now := s.Moment(); now != t.moment {
		select {
		case <-t.changed:
			return false
		default:
		}
		t.moment = now
	}
	return true
}

func newTagSet(s *catalog.Snapshot, service string) *tagSet {
	t := &tagSet{service: service, moment: s.Moment(), changed: s.ServiceMark(service).Changed, tags: map[string]struct{}{}, ends: map[string]struct{}{}}
	for _, i := range s.InstancesOf(service) {
		for _, tag := range i.Tags {
			tag = catalog.Fold(tag)
			t.tags[tag] = struct{}{}
			addEnds(t.ends, tag)
		}
		if len(t.tags)+len(t.ends) > mostTags {
			t.many, t.tags, t.ends = true, nil, nil
			break
		}
	}
	return t
}

// addEnds adds what follows each of the dots in a name.
func addEnds(ends map[string]struct{}, name string) {
	for {
		_, after, dotted := strings.Cut(name, ".")
		if !dotted {
			return
		}
		ends[after], name = struct{}{}, after
	}
}
