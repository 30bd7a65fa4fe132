package dns

import (
	"maps"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"muster/catalog"
)

// rawPrefix begins, in any case, the meta keys whose value alone becomes the TXT record.
const rawPrefix = "rfc1035-"

// metaTXT is the TXT records of the meta keys that are wanted, in the order of the keys.
func metaTXT(owner string, meta map[string]string, ttl uint32, wanted func(string) bool) []dns.RR {
	var out []dns.RR
	for _, k := range slices.Sorted(maps.Keys(meta)) {
		if wanted(k) {
			out = append(out, &dns.TXT{Hdr: header(owner, dns.TypeTXT, ttl), Txt: txtStrings(metaText(k, meta[k]))})
		}
	}
	return out
}

func everyKey(string) bool { return true }

// metaText is a meta pair as TXT records carry it.
func metaText(key, value string) string {
	if len(key) >= len(rawPrefix) && catalog.EqualFold(key[:len(rawPrefix)], rawPrefix) {
		return value
	}
	return rfc1464Key(key) + "=" + strings.ReplaceAll(value, "`", "``")
}

// rfc1464Key quotes an attribute name (RFC 1464 section 2): '`' and '=' anywhere,
// and blanks at either end.
func rfc1464Key(key string) string {
	inner := strings.Trim(key, " \t")
	lead := key[:len(key)-len(strings.TrimLeft(key, " \t"))]
	trail := key[len(lead)+len(inner):]
	var b strings.Builder
	quote := func(s, special string) {
		for i := range len(s) {
			if strings.IndexByte(special, s[i]) >= 0 {
				b.WriteByte('`')
			}
			b.WriteByte(s[i])
		}
	}
	quote(lead, " \t")
	quote(inner, "`=")
	quote(trail, " \t")
	return b.String()
}

// txtStrings cuts text into the character strings of a TXT record, 255 octets
// each at most (RFC 1035 section 3.3), with backslashes escaped as the packer wants them.
func txtStrings(text string) []string {
	const most = 255
	var out []string
	for len(text) > most {
		out = append(out, text[:most])
		text = text[most:]
	}
	out = append(out, text)
	for i, s := range out {
		out[i] = strings.ReplaceAll(s, `\`, `\\`)
	}
	return out
}

// instanceTXT is the TXT RRset of a service: the meta its instances share with DNS, each text once.
func (l *lookup) instanceTXT(live []candidate, ttl uint32) []dns.RR {
	var out []dns.RR
	seen := map[string]bool{}
	for _, c := range live {
		for _, rr := range metaTXT(l.name, c.Instance.Meta, ttl, l.sharesMeta) {
			if key := rr.String(); !seen[key] {
				seen[key] = true
				out = append(out, rr)
			}
		}
	}
	return out
}

// sharesMeta reports whether an instance meta key was opted in to.
func (l *lookup) sharesMeta(key string) bool {
	return slices.ContainsFunc(l.metaKeys, func(k string) bool {
		if prefix, ok := strings.CutSuffix(k, "*"); ok {
			return strings.HasPrefix(key, prefix)
		}
		return k == key
	})
}
