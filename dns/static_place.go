package dns

import (
	"fmt"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"muster/catalog"
)

// reserved returns why a configured record may not stand at a name below a domain, or "".
func (c *Config) reserved(labels []string, rrtype uint16) string {
	for _, l := range labels {
		switch {
		case l == "*":
			return "wildcards are not served"
		case strings.IndexByte(l, '.') >= 0:
			return "a label with a dot in it cannot be told from two"
		}
	}
	r := parseName(labels)
	switch {
	case r.form == formApex && rrtype == dns.TypeCNAME:
		return "the domain itself has SOA and NS records, which a CNAME tolerates not"
	case r.form == formNameServer:
		return "ns is the name of this domain's servers"
	case r.form == formService && r.tag == "" && catalog.EqualFold(r.service, catalog.ServersService) && c.ours(r):
		return "the name is that of this domain's servers"
	case r.form == formBrowse:
		return "names under _dns-sd._udp are made of the catalog"
	case r.form == formNonTerminal && c.ours(r) && !attribute(labels):
		return "the name is reserved for names below it"
	}
	if word := keyword(labels); word != "" && word != "service" && word != "node" {
		return fmt.Sprintf("names under %q are reserved", word)
	}
	return ""
}

// ours reports whether a name means this datacenter.
func (c *Config) ours(r request) bool {
	return r.dc == "" || catalog.EqualFold(r.dc, c.Datacenter)
}

// attribute reports whether a name such as _dmarc says something of the domain, rather than
// being the ancestor of RFC 2782 names.
func attribute(labels []string) bool {
	return labels[0][0] == '_' && !catalog.EqualFold(labels[0], "_tcp") && !catalog.EqualFold(labels[0], "_udp")
}

// keyword returns the label that tells a name's form, "" if there is none.
func keyword(labels []string) string {
	for _, l := range slices.Backward(labels) {
		if _, ok := keywords[catalog.Fold(l)]; ok {
			return catalog.Fold(l)
		}
	}
	return ""
}

// RecordNames are the names of Config.Records, to be held against those of the catalog.
type RecordNames struct{ at []recordName }

// recordName is one of them, understood as the catalog's names are.
type recordName struct {
	request
	index int
}

// RecordNames returns the names of those of Records that have no problem.
func (c *Config) RecordNames() RecordNames {
	var n RecordNames
	read, _ := c.statics(c.domains())
	for _, r := range read {
		if q := parseName(r.labels); c.ours(q) {
			n.at = append(n.at, recordName{q, r.index})
		}
	}
	return n
}

// OfService returns the indexes of the records that stand at a name of a service:
// its own, or one with its tags.
func (n RecordNames) OfService(def *catalog.ServiceDefinition) []int {
	i := &catalog.Instance{Tags: def.Tags}
	entries := []catalog.Entry{{Instance: i}}
	return n.where(func(r recordName) bool {
		return r.form == formService && catalog.EqualFold(r.service, def.Name) && tagged(entries, r.tag)(i)
	})
}

// OfNode returns the indexes of the records that stand at a node's name.
func (n RecordNames) OfNode(name string) []int {
	return n.where(func(r recordName) bool { return r.form == formNode && catalog.EqualFold(r.node, name) })
}

func (n RecordNames) where(match func(recordName) bool) []int {
	var out []int
	for _, r := range n.at {
		if match(r) && !slices.Contains(out, r.index) {
			out = append(out, r.index)
		}
	}
	return out
}
