package dns

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"muster/catalog"
)

const (
	// maxBrowsed is how many services an answer to _services names at most, and maxBrowsedUDP how many
	// are looked up for one over UDP, where they are more than fit.
	maxBrowsed, maxBrowsedUDP = 2048, 128
	// maxDescribed is up to how many instances a list of them describes, in its additional section.
	maxDescribed = 16
)

// parseBrowse reads what stands left of _dns-sd._udp.
func parseBrowse(labels []string) request {
	if len(labels) == 0 {
		return request{form: formNonTerminal}
	}
	switch label := catalog.Fold(labels[0]); label {
	case "b", "db", "lb", "_services":
		return request{form: formBrowse, label: label}
	}
	return request{}
}

// browse answers names below _dns-sd._udp: which domain to browse (RFC 6763 section
// 11), and which services there are (section 9), be they healthy or not.
func (l *lookup) browse(label string, qtype uint16) Answer {
	if qtype != dns.TypePTR && qtype != dns.TypeANY {
		return l.nodata(Reason{Kind: NoSuchType})
	}
	domain := l.name[splitName(l.name)[3].at:] // right of _dns-sd._udp
	targets := []string{domain}
	if label == "_services" {
		targets = nil
		most := maxBrowsed
		if l.udp {
			most = maxBrowsedUDP
		}
		for _, name := range l.snap.ServiceNames(most) {
			if service := "_" + name; len(service) <= maxLabel && catalog.ValidServiceName(name) == nil {
				targets = append(targets, under(service+"._tcp", domain))
			}
		}
	}
	l.step.ttl(l.nodeTTL, nodeTTLKey)
	return l.pointTo(targets, l.nodeTTL, NoSuchType)
}

// pointTo answers with PTR records, in random order.
func (l *lookup) pointTo(targets []string, ttl uint32, otherwise Kind) Answer {
	targets = slices.DeleteFunc(targets, func(t string) bool {
		_, ok := dns.IsDomainName(t)
		return !ok
	})
	out := make([]dns.RR, len(targets))
	for i, t := range targets {
		out[i] = &dns.PTR{Hdr: header(l.name, dns.TypePTR, ttl), Ptr: t}
	}
	return l.found(l.anyOrder(out), otherwise)
}

// instances answers _NAME._tcp.DOMAIN with the names of the healthy instances (RFC
// 6763 section 4.1). A few of them are described at once (section 12.1).
func (l *lookup) instances(live []candidate, ttl uint32) Answer {
	var names []string
	var extra []dns.RR
	have := map[string]bool{} // two instances may share a target
	for _, c := range live {
		if c.at.none() {
			continue
		}
		name := under(escapeLabel(instanceLabel(c.Instance)), l.name)
		names = append(names, name)
		if len(live) <= maxDescribed {
			for _, rr := range l.describe(name, c) {
				if text := rr.String(); !have[text] {
					have[text] = true
					extra = append(extra, rr)
				}
			}
		}
	}
	a := l.pointTo(names, ttl, NoSuchType)
	if len(a.Answer) > 0 {
		a.Extra = extra
	}
	return a
}

// describe is what a client that chose an instance asks for next.
func (l *lookup) describe(name string, c candidate) []dns.RR {
	one := l.aside()
	one.name = name
	ttl := one.serviceTTL(c.Instance.Name, []candidate{c})
	srv := one.services([]candidate{c}, ttl)
	return slices.Concat(srv.Answer, []dns.RR{one.attributes(c, ttl)}, srv.Extra)
}

// instance answers for one instance by its DNS-SD name.
func (l *lookup) instance(r request, qtype uint16) (a Answer) {
	entries := l.snap.EntriesNamed(r.service, r.label)
	var tally Tally
	live := l.candidates(entries, l.tagWish(entries, r.tag), &tally)
	switch {
	case tally.Total() == 0:
		return l.nxdomain(Reason{Kind: UnknownInstance, Subject: r.label})
	case len(live) == 0:
		return l.nxdomain(Reason{Kind: Unhealthy, Tally: tally})
	}
	if l.trace != nil {
		defer func() { l.settle(live, a.Answer, qtype) }()
	}
	ttl := l.serviceTTL(r.service, live)
	switch {
	case qtype == dns.TypeSRV:
		return l.services(live, ttl)
	case qtype == dns.TypeTXT, qtype == dns.TypeANY: // RFC 8482: one RRset of them
		return l.found([]dns.RR{l.attributes(live[0], ttl)}, NoSuchType)
	}
	return l.nodata(Reason{Kind: NoSuchType})
}

// attributes is the one TXT record of an instance: the meta that is shared with DNS
// (RFC 6763 section 6), an empty string when there is none.
func (l *lookup) attributes(c candidate, ttl uint32) dns.RR {
	t := &dns.TXT{Hdr: header(l.name, dns.TypeTXT, ttl)}
	for _, key := range slices.Sorted(maps.Keys(c.Instance.Meta)) {
		text := key + "=" + c.Instance.Meta[key]
		if l.sharesMeta(key) && attributeKey(key) && len(text) <= 255 {
			t.Txt = append(t.Txt, strings.ReplaceAll(text, `\`, `\\`)) // as the packer wants it
		}
	}
	if len(t.Txt) == 0 {
		t.Txt = []string{""}
	}
	return t
}

// attributeKey reports whether RFC 6763 section 6.4 allows a key.
func attributeKey(key string) bool {
	return key != "" && !strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r > '~' || r == '=' })
}

// instanceLabel is the one label that names an instance in DNS-SD: ID.NODE, or when
// that is too long its beginning and a sum of it all.
func instanceLabel(i *catalog.Instance) string {
	text := i.ID + "." + i.Node
	if len(text) <= maxLabel {
		return text
	}
	sum := sha256.Sum256([]byte(text))
	tail := "-" + hex.EncodeToString(sum[:4])
	return strings.ToValidUTF8(text[:maxLabel-len(tail)], "") + tail
}

// escapeLabel is a label in presentation form (RFC 1035 section 5.1), spelled as names from the wire are.
func escapeLabel(text string) string {
	var b strings.Builder
	for i := range len(text) {
		switch c := text[i]; {
		case strings.IndexByte(`. '@;()"\`, c) >= 0:
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, "\\%03d", c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// ServiceNames are the names of services, each once, no more than limit.
func (r reads) ServiceNames(limit int) []string {
	names, mark := r.snap.ServiceNames(limit)
	r.saw(mark.Changed)
	return names
}

// EntriesNamed returns the instances of a service that have a label in DNS-SD: one,
// unless there are some that DNS cannot tell apart.
func (r reads) EntriesNamed(service, label string) []catalog.Entry {
	r.saw(r.snap.ServiceMark(service).Changed)
	var out []catalog.Entry
	for _, i := range r.snap.InstancesOf(service) {
		if catalog.EqualFold(instanceLabel(i), label) {
			out = append(out, r.snap.EntryOf(i))
		}
	}
	return out
}
