package dns

import (
	"slices"
	"time"

	"github.com/miekg/dns"
)

const (
	// ownSize is the UDP payload size we announce, and the most we send: it crosses
	// every common path in one piece.
	ownSize = 1232
	// plainSize is the most a client without EDNS takes over UDP (RFC 1035 section 4.2.1).
	plainSize = 512
	// maxText bounds the text of an extended error.
	maxText = 160
)

// edns is what a query's OPT record asks for (RFC 6891).
type edns struct {
	present   bool
	version   uint8
	size      uint16
	do        bool
	malformed bool         // an option is not as it must be: FORMERR
	nsid      bool         // RFC 5001
	keepalive bool         // RFC 7828
	subnet    []byte       // client subnet as sent, with scope 0 (RFC 7871); nil: none
	cookie    cookieOption // nil: none
}

// udpSize is the most octets of a reply over UDP.
func (e edns) udpSize() int {
	if !e.present {
		return plainSize
	}
	return min(max(int(e.size), plainSize), ownSize)
}

// opt returns an OPT record of ours, DO as given.
func opt(do bool) *dns.OPT {
	o := &dns.OPT{Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeOPT}}
	o.SetUDPSize(ownSize)
	if do {
		o.SetDo()
	}
	return o
}

// options are what the reply's OPT record may carry, if the query calls for it.
type options struct {
	nsid     string        // hexadecimal; empty: none
	cookie   []byte        // nil: none
	idle     time.Duration // how long a silent connection stays open; 0: not over a connection
	errors   []dns.EDNS0
	personal bool // the answer depends on the client subnet
}

// reply returns the OPT record of the reply, nil when the query had none.
func (e edns) reply(own options) *dns.OPT {
	if !e.present {
		return nil
	}
	o := opt(e.do)
	if e.nsid && own.nsid != "" {
		o.Option = append(o.Option, &dns.EDNS0_NSID{Code: dns.EDNS0NSID, Nsid: own.nsid})
	}
	if e.subnet != nil && !e.malformed {
		// As sent, with scope 0: the answer holds for every client (RFC 7871 section 7.2.1).
		subnet := e.subnet
		if own.personal && len(subnet) > 3 {
			subnet = slices.Clone(subnet)
			subnet[3] = subnet[2] // and otherwise for those of this subnet
		}
		o.Option = append(o.Option, &dns.EDNS0_LOCAL{Code: dns.EDNS0SUBNET, Data: subnet})
	}
	if own.cookie != nil {
		o.Option = append(o.Option, &dns.EDNS0_LOCAL{Code: dns.EDNS0COOKIE, Data: own.cookie})
	}
	if e.keepalive && own.idle > 0 {
		// Units of 100 ms. Over UDP the option must not be sent (RFC 7828 section 3.3.2).
		units := min(max(own.idle/(100*time.Millisecond), 1), 1<<16-1)
		o.Option = append(o.Option, &dns.EDNS0_TCP_KEEPALIVE{Code: dns.EDNS0TCPKEEPALIVE, Timeout: uint16(units)})
	}
	o.Option = append(o.Option, own.errors...)
	return o
}

// extended returns an answer's extended errors (RFC 8914): staleness, then the reason.
func (a *Answer) extended(withText bool) []dns.EDNS0 {
	var out []dns.EDNS0
	if a.Stale {
		code := dns.ExtendedErrorCodeStaleAnswer
		if a.Rcode == dns.RcodeNameError {
			code = dns.ExtendedErrorCodeStaleNXDOMAINAnswer
		}
		out = append(out, &dns.EDNS0_EDE{InfoCode: code})
	}
	if a.Reason.Kind == OK {
		return out
	}
	e := &dns.EDNS0_EDE{InfoCode: a.Reason.Code()}
	if withText {
		e.ExtraText = string(printable(a.Reason.appendText(nil)))
	}
	return append(out, e)
}

// printable cuts a text, in place, to maxText octets of ASCII. Subjects come quoted, so little is lost.
func printable(text []byte) []byte {
	text = text[:min(len(text), maxText)]
	for i, c := range text {
		if c < ' ' || c > '~' {
			text[i] = '?'
		}
	}
	return text
}

// stripText takes the texts of extended errors off a message, and reports whether there were any.
func stripText(m *dns.Msg) bool {
	any := false
	if o := m.IsEdns0(); o != nil {
		for _, option := range o.Option {
			if e, ok := option.(*dns.EDNS0_EDE); ok && e.ExtraText != "" {
				e.ExtraText, any = "", true
			}
		}
	}
	return any
}
