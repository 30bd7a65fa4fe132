package dns

import (
	"strings"

	"muster/catalog"
)

// nowhere returns why a name of this form exists in no catalog. It is not ok when the catalog has to say.
func (q request) nowhere() (why Reason, ok bool) {
	switch q.form {
	case formMesh:
		return Reason{Kind: NoMesh}, true
	case formNone:
		return Reason{Kind: BadName}, true
	}
	return Reason{}, false
}

// ancestor reports whether the name exists for the sake of those below it, whatever the catalog has:
// _tcp.service, _TAG.service and _ANY.query are the ancestors of RFC 2782 names.
func (q request) ancestor() bool {
	if q.form == formPrepared {
		return !q.noAlias && q.label[0] == '_' && strings.IndexByte(q.label, '.') < 0
	}
	return q.form == formService && q.tag == "" && !q.srvOnly && q.service != "" && q.service[0] == '_'
}

// collected is what is made of the catalog when names are asked for that it would take too long to look for.
type collected struct {
	below nodeSuffixes
	tags  serviceTags
}

// absent returns why a name below a domain of ours, where nothing is configured, does
// not exist. It says what derived would and asks the catalog for names and tags alone, which
// takes no memory of its own and leaves nothing to be watched. It is not ok when that does not settle it.
func (r *Resolver) absent(q request, v View, made *collected) (why Reason, ok bool) {
	if q.dc != "" && !catalog.EqualFold(q.dc, r.cfg.Datacenter) {
		return Reason{Kind: UnknownDatacenter, Subject: q.dc}, !v.knows(q.dc)
	}
	if why, ok := q.nowhere(); ok {
		return why, true
	}
	s := v.Snapshot
	switch q.form {
	case formService:
		if s.HasService(q.service) {
			return Reason{Kind: UnknownTag, Subject: q.tag}, q.tag != "" && !made.tags.might(s, q.service, q.tag)
		}
		return Reason{Kind: UnknownService, Subject: q.service}, !q.ancestor()
	case formInstance:
		return Reason{Kind: UnknownInstance, Subject: q.label}, !s.HasService(q.service)
	case formPrepared:
		return Reason{Kind: NoPreparedQuery}, !q.ancestor() && !s.HasPreparedQuery(q.query) && !s.HasPreparedQueryBelow(q.label)
	case formNode:
		return Reason{Kind: UnknownNode, Subject: q.node}, s.Node(q.node) == nil && !made.below.has(s, q.node)
	}
	return Reason{}, false
}
