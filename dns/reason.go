package dns

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/miekg/dns"

	"muster/catalog"
)

// Kind classifies why an answer is what it is. The set is closed.
type Kind int

// The kinds of reason. The comment names what Reason.Subject holds, if anything.
const (
	OK                Kind = iota
	NoSuchType             // the name exists and has no records of the type asked
	WrongFamily            // addresses exist, of the other family only
	EmptyNonTerminal       // names exist below this one, nothing at it
	UnknownService         // the service
	UnknownTag             // the tag; no instance of the service carries it
	Unhealthy              // no instance is healthy enough; Tally counts them
	UnknownNode            // the node
	UnknownInstance        // the label; no instance of the service has it as its DNS-SD name
	UnknownDatacenter      // the datacenter
	UnknownAddress         // a reverse name whose address nothing healthy has; Tally counts instances there
	NoPreparedQuery        // NAME.query: there is none of this name
	NoneWanted             // no instance is what a prepared query asks for
	NoMesh                 // connect, virtual and ingress names: there is no mesh
	BadName                // fits no form of name
	AliasLoop              // the name at which a chain of CNAMEs came round
	NotInZone              // the name lies in no zone of ours
	NotReady               // the catalog has not been loaded yet
	TooStale               // the catalog's copy is older than allowed
	Prohibited             // this client may not use the recursors
	UpstreamFailed         // the error; no recursor answered
	Overloaded             // too many queries wait for recursors
	ForwardLoop            // the question is our own, sent back by a recursor
	ClassRefused           // a class other than IN
	TypeRefused            // AXFR, IXFR and other types that ask for more than records
	InternalError          // a failure of muster itself
)

// Reason says why an answer is what it is. Everything that explains answers is made of it.
type Reason struct {
	Kind    Kind
	Subject string
	Tally   Tally
}

// Tally counts the instances that were considered, by the worst status of their checks.
type Tally struct {
	Passing, Warning, Critical, Maintenance int
	OnlyPassing                             bool // the warning ones were left out
}

func (t *Tally) add(s catalog.Status) {
	switch s {
	case catalog.Maintenance:
		t.Maintenance++
	case catalog.Critical:
		t.Critical++
	case catalog.Warning:
		t.Warning++
	default:
		t.Passing++
	}
}

// Total is the number of instances considered.
func (t Tally) Total() int { return t.Passing + t.Warning + t.Critical + t.Maintenance }

// String reads like "3 instances: 2 critical, 1 in maintenance".
func (t Tally) String() string {
	var parts []string
	for _, p := range []struct {
		n    int
		text string
	}{
		{t.Passing, "passing"}, {t.Warning, "in warning"}, {t.Critical, "critical"}, {t.Maintenance, "in maintenance"},
	} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.text))
		}
	}
	noun := "instances"
	if t.Total() == 1 {
		noun = "instance"
	}
	text := fmt.Sprintf("%d %s: %s", t.Total(), noun, strings.Join(parts, ", "))
	if t.OnlyPassing && t.Warning > 0 {
		text += "; only passing ones are answered"
	}
	return text
}

// String explains the reason to a person in one line. It is empty for OK.
func (r Reason) String() string { return string(r.appendText(nil)) }

// appendText appends the text of String.
func (r Reason) appendText(b []byte) []byte {
	switch r.Kind {
	case UnknownService:
		return appendQuoted(append(b, "no service "...), r.Subject)
	case UnknownTag:
		b = appendQuoted(append(b, "no instance has the tag "...), r.Subject)
		if strings.IndexByte(r.Subject, '.') >= 0 {
			b = append(b, ", or all of its labels as tags"...)
		}
		return b
	case UnknownInstance:
		return append(appendQuoted(append(b, "no instance "...), r.Subject), " of the service"...)
	case UnknownNode:
		return appendQuoted(append(b, "no node "...), r.Subject)
	case UnknownDatacenter:
		return append(appendQuoted(append(b, "no datacenter "...), r.Subject), "; services are NAME.service, nodes NODE.node"...)
	case Unhealthy:
		return append(b, r.Tally.String()...)
	case UnknownAddress:
		if r.Tally.Total() > 0 {
			return append(append(b, "at this address "...), r.Tally.String()...)
		}
	case AliasLoop:
		return appendQuoted(append(b, "aliases loop at "...), r.Subject)
	case UpstreamFailed:
		return append(b, r.Subject...)
	}
	return append(b, reasons[r.Kind].text...)
}

// appendQuoted appends what %q makes of a text, and is quick about the names that people give.
func appendQuoted(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return strconv.AppendQuote(b, s)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// reasons holds the fixed texts, and the codes of RFC 8914 where they are not Other (0).
var reasons = map[Kind]struct {
	text string
	code uint16
}{
	NoSuchType:       {text: "the name has no records of this type"},
	WrongFamily:      {text: "the name has addresses of the other family only"},
	EmptyNonTerminal: {text: "there are names below this one, but no records at it"},
	UnknownAddress:   {text: "no node and no service has this address"},
	NoPreparedQuery:  {text: "there is no such prepared query"},
	NoneWanted:       {text: "no instance has the tags and meta that the prepared query asks for"},
	NoMesh:           {text: "there is no service mesh"},
	BadName:          {text: "the name fits no form: NAME.service, TAG.NAME.service, NODE.node, HEX.addr"},
	NotInZone:        {text: "not in a zone of this server", code: dns.ExtendedErrorCodeNotAuthoritative},
	NotReady:         {text: "the catalog is not loaded yet", code: dns.ExtendedErrorCodeNotReady},
	TooStale:         {text: "no server in reach for longer than stale data may be used", code: dns.ExtendedErrorCodeNoReachableAuthority},
	Prohibited:       {text: "this client may not use the recursors", code: dns.ExtendedErrorCodeProhibited},
	UpstreamFailed:   {code: dns.ExtendedErrorCodeNetworkError},
	Overloaded:       {text: "too many queries wait for recursors", code: dns.ExtendedErrorCodeNetworkError},
	ForwardLoop:      {text: "a recursor sent this question back to the server that asked it"},
	ClassRefused:     {text: "only class IN is served", code: dns.ExtendedErrorCodeNotSupported},
	TypeRefused:      {text: "zone transfers and the like are not served", code: dns.ExtendedErrorCodeNotSupported},
	InternalError:    {text: "internal error"},
}

// Code is the extended error code of a reason (RFC 8914). There is none for OK.
func (r Reason) Code() uint16 { return reasons[r.Kind].code }
