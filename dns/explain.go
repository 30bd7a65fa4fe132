package dns

import (
	"math/rand/v2"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/miekg/dns"

	"muster/catalog"
)

// Explanation is an answer with all that led to it. Its rows are the catalog's: nobody may change them.
type Explanation struct {
	Question Question
	Answer   Answer // one of those that the question may get: choice and order are drawn anew every time
	// Steps are the names looked up: the one asked for, then those that CNAMEs led to. There are
	// none when the catalog was not looked at.
	Steps []*Step
	// Index and Age are those of the view answered from. Ready is false, and Index 0, while there is none.
	Index uint64
	Age   time.Duration
	Ready bool
	// Recursors are asked for the rest of the answer, on behalf of clients that may have that. An
	// explanation does not ask them.
	Recursors []string
	// Message is what the transport makes of the answer; it is zero unless a handler explains.
	Message Message
}

// Message is how an answer fits its reply, for a client that takes the largest message we send.
type Message struct {
	Limit     int  // octets that the reply may have
	Size      int  // octets that it has, as it goes to a client on loopback
	Sent      int  // answer records in it
	Truncated bool // TC: the client is to ask again over TCP
}

// Explain is Resolve, and tells what it did. It draws as Resolve does.
func (r *Resolver) Explain(q Question, v View, rng *rand.Rand) Explanation {
	t := &trace{}
	e := Explanation{Question: q, Answer: r.resolve(q, v, rng, t, nil), Steps: t.steps, Age: v.Age, Ready: v.Ready}
	if v.Ready {
		e.Index = v.Snapshot.Index
	}
	return e
}

// Explain tells what a client on loopback that speaks EDNS would be answered now, and why. No recursor is asked.
func (h *Handler) Explain(question Question) Explanation {
	set := h.current.Load()
	e := set.resolver.Explain(question, h.src.View(), h.rng)
	q, code := queryOf(question)
	if code != dns.RcodeSuccess {
		e.Answer, e.Steps = Answer{Rcode: code}, nil
		return e
	}
	if early, done := set.refuse(q); done {
		e.Answer, e.Steps = early, nil
	}
	if set.recursor != nil && (e.Answer.Reason.Kind == NotInZone || e.Answer.Outside != "") {
		e.Recursors = set.cfg.Recursors
	}
	m := set.compose(q, e.Answer)
	wire, err := pack(m, q.limit(), q.udp, set.cfg.EnableTruncate)
	if err != nil {
		e.Answer = failed(InternalError)
		return e
	}
	e.Message = Message{Limit: q.limit(), Size: len(wire), Sent: len(m.Answer), Truncated: m.Truncated}
	return e
}

// queryOf makes the query that a client on loopback would ask a question with. A
// code other than NOERROR says why such a query cannot be read.
func queryOf(question Question) (*query, int) {
	m := new(dns.Msg)
	m.SetQuestion(question.Name, question.Type)
	m.Extra = []dns.RR{opt(false)}
	wire, err := m.Pack()
	if err != nil {
		return nil, dns.RcodeFormatError
	}
	head, _ := readHead(wire)
	q, code := readQuery(head, wire)
	if code == dns.RcodeSuccess {
		q.client, q.udp = netip.IPv6Loopback(), question.UDP
	}
	return q, code
}

// NewQuestion reads a question from text: a name, with or without its last dot, and
// a type such as "A" or "TYPE65", in any case. The errors are Invalid.
func NewQuestion(name, qtype string, udp bool) (Question, error) {
	t, err := parseType(qtype)
	if err != nil {
		return Question{}, err
	}
	spelled, ok := asFromWire(name)
	if !ok {
		return Question{}, catalog.Errorf(catalog.Invalid, "%.80q is not a domain name (labels of 1 to 63 octets, 255 in all)", name)
	}
	return Question{Name: spelled, Type: t, UDP: udp}, nil
}

// asFromWire spells a name as it would come out of a message, odd octets escaped and all.
func asFromWire(name string) (string, bool) {
	if _, ok := dns.IsDomainName(name); !ok || name == "" {
		return "", false
	}
	wire := make([]byte, maxName)
	if _, err := dns.PackDomainName(dns.Fqdn(name), wire, 0, nil, false); err != nil {
		return "", false
	}
	spelled, _, err := dns.UnpackDomainName(wire, 0)
	return spelled, err == nil
}

// parseType reads the name of a record type, or TYPE and its number (RFC 3597 section 5).
func parseType(text string) (uint16, error) {
	upper := strings.ToUpper(text)
	if t, ok := dns.StringToType[upper]; ok {
		return t, nil
	}
	if digits, ok := strings.CutPrefix(upper, "TYPE"); ok {
		if n, err := strconv.ParseUint(digits, 10, 16); err == nil {
			return uint16(n), nil
		}
	}
	return 0, catalog.Errorf(catalog.Invalid, "%.40q is not a record type such as A, SRV or TYPE65", text)
}

// TypeName is the name of the type asked, such as "A" or "TYPE65280".
func (q Question) TypeName() string { return dns.Type(q.Type).String() }

// RcodeName is the name of the answer's response code, such as "NXDOMAIN".
func (a *Answer) RcodeName() string { return rcodeName(a.Rcode) }

// ZoneText returns records as zone files write them, one blank between fields.
func ZoneText(records []dns.RR) []string {
	out := make([]string, len(records))
	for i, rr := range records {
		out[i] = strings.ReplaceAll(rr.String(), "\t", " ") // a tab within a string is escaped
	}
	return out
}
