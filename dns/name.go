package dns

import (
	"net/netip"
	"strings"

	"muster/catalog"
)

// label is one label of a name. Text holds its octets with escapes undone, At
// where it begins in the name's presentation form.
type label struct {
	text string
	at   int
}

// splitName cuts a name in presentation form into labels. The root has none.
func splitName(name string) []label {
	if name == "." || name == "" {
		return nil
	}
	out := make([]label, 0, 8)
	start := 0
	for i := 0; i < len(name); i++ {
		switch name[i] {
		case '\\':
			i++ // an escaped dot is no end; the digits of \DDD are none either
		case '.':
			out = append(out, label{unescape(name[start:i]), start})
			start = i + 1
		}
	}
	if start < len(name) {
		out = append(out, label{unescape(name[start:]), start})
	}
	return out
}

// unescape undoes \X and \DDD (RFC 1035 section 5.1).
func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b = append(b, s[i])
			continue
		}
		i++
		if i+2 < len(s) && isDigit(s[i]) && isDigit(s[i+1]) && isDigit(s[i+2]) {
			b = append(b, (s[i]-'0')*100+(s[i+1]-'0')*10+(s[i+2]-'0'))
			i += 2
			continue
		}
		b = append(b, s[i])
	}
	return string(b)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// form is what a name below one of our domains asks for, by its shape alone.
type form int

const (
	formNone        form = iota // fits no form: the name cannot exist
	formApex                    // the zone itself
	formNameServer              // ns, the SOA's MNAME
	formNonTerminal             // only ever the ancestor of other names
	formService
	formNode
	formAddr
	formInstance // ID.NODE._NAME._tcp, one instance by its DNS-SD name
	formBrowse   // names below _dns-sd._udp
	formPrepared // NAME.query
	formMesh     // connect, virtual, ingress
)

// keywords are the labels that tell a name's form. The rightmost one in a name counts.
var keywords = map[string]form{
	"service": formService, "node": formNode, "addr": formAddr, "query": formPrepared,
	"connect": formMesh, "virtual": formMesh, "ingress": formMesh,
}

// request is a name below one of our domains, understood.
type request struct {
	form    form
	dc      string // as asked; empty: this agent's own
	service string
	tag     string // empty: any; of several labels: see tagged
	srvOnly bool   // _NAME._tcp.DOMAIN: the short form holds SRV records and nothing else
	// _NAME._tcp.service and _NAME._TAG.service hold no CNAME: a resolver that learnt of it would look
	// for their SRV records elsewhere (RFC 2181 section 10.1).
	noAlias bool
	node    string
	query   string // name or id of a prepared query
	addr    netip.Addr
	// what stands left of _NAME._tcp (formInstance), of _dns-sd._udp (formBrowse) or of query (formPrepared)
	label string
}

// parseName reads the labels of a name with its zone's origin taken off.
func parseName(labels []string) request {
	dotted := false
	for i, l := range labels {
		dot := strings.IndexByte(l, '.') >= 0
		if l == "" || dot && i > 0 {
			return request{} // a dot within a label cannot be told from one between labels below
		}
		dotted = dotted || dot
	}
	r := parseForm(labels)
	if dotted && r.form != formInstance {
		return request{}
	}
	return r
}

// parseForm reads labels of which the first may have a dot in it.
func parseForm(labels []string) request {
	switch {
	case len(labels) == 0:
		return request{form: formApex}
	case len(labels) == 1 && catalog.EqualFold(labels[0], serverLabel):
		return request{form: formNameServer}
	}
	for k := len(labels) - 1; k >= 0; k-- {
		f, ok := keywords[catalog.Fold(labels[k])]
		if !ok {
			continue
		}
		return located(parseSubject(f, labels[:k]), labels[k+1:])
	}
	return parseShort(labels)
}

// parseShort reads names without a keyword: datacenters, the short SRV form, and what DNS-SD makes of that.
func parseShort(labels []string) request {
	under := func(i int) bool { return i < len(labels) && labels[i][0] == '_' }
	for i := range min(len(labels), 2) {
		if under(i) && under(i+1) && catalog.EqualFold(labels[i], "_dns-sd") && catalog.EqualFold(labels[i+1], "_udp") {
			return located(parseBrowse(labels[:i]), labels[i+2:])
		}
	}
	switch {
	case under(1) && under(2):
		r := rfc2782(labels[1], labels[2])
		r.form, r.label = formInstance, labels[0]
		return located(r, labels[3:])
	case under(0) && under(1):
		r := rfc2782(labels[0], labels[1])
		r.srvOnly = true
		return located(r, labels[2:])
	case under(0):
		return located(request{form: formNonTerminal}, labels[1:])
	case len(labels) == 1 && catalog.EqualFold(labels[0], "dc"):
		return request{form: formNonTerminal}
	}
	return located(request{form: formNonTerminal}, labels)
}

// parseSubject reads the labels left of a keyword.
func parseSubject(f form, labels []string) request {
	n := len(labels)
	if n == 0 && f != formMesh {
		return request{form: formNonTerminal}
	}
	switch f {
	case formService:
		if n == 2 && labels[0][0] == '_' && labels[1][0] == '_' {
			r := rfc2782(labels[0], labels[1])
			r.noAlias = true
			return r
		}
		return request{form: f, service: labels[n-1], tag: strings.Join(labels[:n-1], ".")}
	case formNode:
		return request{form: f, node: strings.Join(labels, ".")}
	case formAddr:
		if a, ok := parseHex(labels[0]); ok && n == 1 {
			return request{form: f, addr: a}
		}
		return request{}
	case formPrepared:
		return preparedQuery(labels, strings.Join(labels, "."))
	}
	return request{form: f}
}

// rfc2782 reads _NAME._tcp and _NAME._TAG.
func rfc2782(name, proto string) request {
	r := request{form: formService, service: name[1:]}
	if !catalog.EqualFold(proto, "_tcp") {
		r.tag = proto[1:]
	}
	return r
}

// located adds the datacenter named by the labels right of a form: none, DC or DC.dc.
func located(r request, labels []string) request {
	switch {
	case len(labels) == 0:
	case len(labels) == 1, len(labels) == 2 && catalog.EqualFold(labels[1], "dc"):
		r.dc = labels[0]
	default:
		return request{}
	}
	return r
}
