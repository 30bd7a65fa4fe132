package dns

import (
	"slices"
	"strings"

	"muster/catalog"
)

// tagged returns how a name's tag part chooses instances. All its labels together
// are one tag if any instance carries that, healthy or not; else each label is a
// tag of its own, and an instance has to carry them all. No labels ask for nothing.
func tagged(entries []catalog.Entry, tag string) func(*catalog.Instance) bool {
	if tag == "" {
		return func(*catalog.Instance) bool { return true }
	}
	whole := func(i *catalog.Instance) bool { return i.HasTag(tag) }
	if strings.IndexByte(tag, '.') < 0 ||
		slices.ContainsFunc(entries, func(e catalog.Entry) bool { return whole(e.Instance) }) {
		return whole
	}
	all := strings.Split(tag, ".")
	return func(i *catalog.Instance) bool {
		return !slices.ContainsFunc(all, func(t string) bool { return !i.HasTag(t) })
	}
}
