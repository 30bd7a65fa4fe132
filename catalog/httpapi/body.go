package httpapi

import (
	"strings"

	"muster/catalog"
	"muster/catalog/document"
)

const (
	// maxJSONBytes is the largest JSON body. Decoding takes some sixty times its size in memory.
	maxJSONBytes = 256 << 10
	// maxShownProblems is how many faults of a body its error line tells of.
	maxShownProblems = 5
)

// decode decodes a JSON body. Keys match without regard to case and underscores,
// unknown ones are ignored, durations are strings or nanoseconds.
func (r *request) decode(into any) error { return r.decodeKnowing(into, nil) }

// decodeKnowing is decode, with a judge of the keys that into lacks; see [document.Options].
func (r *request) decodeKnowing(into any, known func(document.ForeignKey) (refusal string, known bool)) error {
	return r.decodeUpTo(maxJSONBytes, into, known)
}

// decodeUpTo is decodeKnowing with a limit of its own.
func (r *request) decodeUpTo(limit int, into any, known func(document.ForeignKey) (refusal string, known bool)) error {
	if len(r.body) > limit {
		return catalog.Errorf(catalog.TooLarge, "JSON body has %d bytes, the limit is %d", len(r.body), limit)
	}
	problems := document.Decode("body", r.body, into, document.Options{AllowUnknown: true, Known: known, Shapes: r.shapes})
	if len(problems) == 0 {
		return nil
	}
	more := ""
	if len(problems) > maxShownProblems {
		problems, more = problems[:maxShownProblems], "; and more"
	}
	return catalog.Errorf(catalog.Invalid, "%s", strings.TrimSpace(problems.Join("; ")+more))
}
