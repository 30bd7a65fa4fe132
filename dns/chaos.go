package dns

import (
	"github.com/miekg/dns"

	"muster/catalog"
)

// chaos answers class CH: who this server is (RFC 4892), when enabled.
func (s *settings) chaos(q dns.Question) Answer {
	refused := Answer{Rcode: dns.RcodeRefused, Reason: Reason{Kind: ClassRefused}}
	if !s.cfg.EnableChaos {
		return refused
	}
	text := ""
	switch catalog.Fold(q.Name) {
	case "version.bind.":
		text = s.cfg.Version
	case "id.server.":
		text = s.cfg.NSID
	}
	if text == "" {
		return refused
	}
	a := Answer{Authoritative: true}
	if q.Qtype == dns.TypeTXT || q.Qtype == dns.TypeANY {
		hdr := dns.RR_Header{Name: q.Name, Rrtype: dns.TypeTXT, Class: dns.ClassCHAOS}
		a.Answer = []dns.RR{&dns.TXT{Hdr: hdr, Txt: txtStrings(text)}}
	}
	return a
}
