package dns

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// Reply is a server's reply in the words of DNS, as [Query] got it.
type Reply struct {
	Server   string        // host:port that replied
	Protocol string        // "udp" or "tcp"
	Retried  bool          // it was cut short over UDP and fetched over TCP
	Took     time.Duration `json:"TookNanoseconds"`
	Size     int           // octets

	ID     uint16
	Opcode string
	Rcode  string
	Flags  []string // those set, in the order of the header: "qr", "aa", "tc", "rd", "ra", "ad", "cd"

	Question   string // "NAME CLASS TYPE"; empty: the reply repeats none
	Answer     []string
	Authority  []string
	Additional []string // without OPT
	EDNS       *EDNS    // nil: the reply has no OPT record

	cut bool // TC
}

// EDNS is what a reply's OPT record says (RFC 6891).
type EDNS struct {
	Version uint8
	UDPSize uint16
	DO      bool
	Errors  []ExtendedError
	Options []string // the others, as "CODE: data"
}

// ExtendedError is an extended error (RFC 8914).
type ExtendedError struct {
	Code uint16
	Name string // of the code, such as "Not Ready"
	Text string
}

// String reads like "0 (Other): no service "web"".
func (e ExtendedError) String() string {
	s := fmt.Sprintf("%d (%s)", e.Code, e.Name)
	if e.Text != "" {
		s += ": " + e.Text
	}
	return s
}

func newReply(m *dns.Msg) *Reply {
	r := &Reply{
		ID: m.Id, Opcode: dns.OpcodeToString[m.Opcode], Rcode: rcodeName(m.Rcode), Flags: []string{},
		Answer: ZoneText(m.Answer), Authority: ZoneText(m.Ns), cut: m.Truncated,
	}
	for _, f := range []struct {
		set  bool
		name string
	}{
		{m.Response, "qr"}, {m.Authoritative, "aa"}, {m.Truncated, "tc"}, {m.RecursionDesired, "rd"},
		{m.RecursionAvailable, "ra"}, {m.AuthenticatedData, "ad"}, {m.CheckingDisabled, "cd"},
	} {
		if f.set {
			r.Flags = append(r.Flags, f.name)
		}
	}
	if len(m.Question) == 1 {
		q := m.Question[0]
		r.Question = q.Name + " " + dns.Class(q.Qclass).String() + " " + dns.Type(q.Qtype).String()
	}
	var extra []dns.RR
	for _, rr := range m.Extra {
		if o, ok := rr.(*dns.OPT); ok {
			r.EDNS = ednsText(o)
			continue
		}
		extra = append(extra, rr)
	}
	r.Additional = ZoneText(extra)
	return r
}

func ednsText(o *dns.OPT) *EDNS {
	e := &EDNS{Version: o.Version(), UDPSize: o.UDPSize(), DO: o.Do(), Errors: []ExtendedError{}, Options: []string{}}
	for _, option := range o.Option {
		switch option := option.(type) {
		case *dns.EDNS0_EDE:
			name := dns.ExtendedErrorCodeToString[option.InfoCode]
			if name == "" {
				name = "unknown"
			}
			e.Errors = append(e.Errors, ExtendedError{option.InfoCode, name, option.ExtraText})
		case *dns.EDNS0_NSID:
			text, err := hex.DecodeString(option.Nsid)
			if err != nil {
				text = []byte(option.Nsid)
			}
			e.Options = append(e.Options, fmt.Sprintf("NSID: %q", text))
		default:
			e.Options = append(e.Options, fmt.Sprintf("option %d: %s", option.Option(), strings.TrimSpace(option.String())))
		}
	}
	return e
}
