package httpapi

import (
	"strings"

	"muster/catalog"
	"muster/catalog/document"
)

// scopes are the parameters by which clients of Consul name a part of its catalog other than the one
// that muster has. To pass over one would read, or write, another place than was asked for.
var scopes = [...]struct{ param, what string }{
	{"ns", "namespaces"}, {"namespace", "namespaces"}, {"partition", "partitions"}, {"ap", "partitions"},
	{"peer", "peers"}, {"sameness-group", "sameness groups"}, {"sg", "sameness groups"},
}

// scopeHeaders say the same of a whole request.
var scopeHeaders = [...]struct{ name, what string }{
	{"X-Consul-Namespace", "namespaces"}, {"X-Consul-Partition", "partitions"},
}

// unscoped refuses a request that names such a part. An empty name is none.
func (r *request) unscoped() error {
	for _, s := range scopes {
		if r.query.Get(s.param) != "" {
			return catalog.Errorf(catalog.Invalid, "%s: there are no %s", s.param, s.what)
		}
	}
	for _, s := range scopeHeaders {
		if r.Header.Get(s.name) != "" {
			return catalog.Errorf(catalog.Invalid, "%s: there are no %s", s.name, s.what)
		}
	}
	return nil
}

// foreignRowKey judges the keys of rows that are written straight into the catalog, of sessions and of
// operations of transactions, as foreignServiceKey does those of a registration with the agent.
func foreignRowKey(key document.ForeignKey) (refusal string, known bool) {
	leaf := key.Path[strings.LastIndexByte(key.Path, '.')+1:]
	return judge(foreignServiceKeys, leaf, key.Idle, foreignServiceText)
}
