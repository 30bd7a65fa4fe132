package dns

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// staticTypes are the types that configured records may have.
var staticTypes = map[uint16]bool{
	dns.TypeA: true, dns.TypeAAAA: true, dns.TypeCNAME: true, dns.TypeTXT: true, dns.TypeMX: true,
	dns.TypeSRV: true, dns.TypeCAA: true, dns.TypeSSHFP: true, dns.TypeTLSA: true,
}

// staticRecord is a configured record in one of our zones.
type staticRecord struct {
	rr     dns.RR
	zone   *zone
	labels []string // of the owner, below the zone's origin
	index  int      // in Config.Records
}

// domains are the zones that services and nodes stand in.
func (c *Config) domains() []*zone {
	out := []*zone{newZone(originOf(c.Domain), false)}
	if c.AltDomain != "" {
		out = append(out, newZone(originOf(c.AltDomain), false))
	}
	return out
}

// statics reads Config.Records into the zones given. What has a problem is left out.
func (c *Config) statics(zones []*zone) (out []staticRecord, p problems) {
	at := map[string][]staticRecord{} // by owner
	for i, text := range c.Records {
		field := fmt.Sprintf("dns_records[%d]", i)
		read, err := c.readStatic(text, zones)
		if err != nil {
			p.add(field, "%s: %v", quoted(text), err)
			continue
		}
		for _, r := range read {
			r.index = i
			owner := r.zone.origin + "\x00" + staticKey(r.labels)
			if other, why := against(at[owner], r.rr); why != "" {
				p.add(field, "%s: %s, which has %s", quoted(text), why, quoted(c.Records[other]))
				break
			}
			at[owner] = append(at[owner], r)
			out = append(out, r)
		}
	}
	return out, p
}

// readStatic reads one record. An absolute owner lies in one zone; a relative one in each.
func (c *Config) readStatic(text string, zones []*zone) ([]staticRecord, error) {
	owner, _, _ := strings.Cut(strings.ReplaceAll(text, "\t", " "), " ")
	switch {
	case owner == "":
		return nil, errors.New("begins with a blank: the name comes first, @ is the domain itself")
	case strings.HasPrefix(owner, "$"):
		return nil, errors.New("directives are not read: each text is one record")
	case dns.IsFqdn(owner):
		own := zoneAmong(zones, splitName(owner))
		if own == nil {
			return nil, fmt.Errorf("%q lies in no domain of this server; without its last dot it would be relative to %s", owner, zones[0].origin)
		}
		zones = []*zone{own}
	}
	var out []staticRecord
	for _, z := range zones {
		rr, err := parseStatic(text, z.origin, seconds(min(max(c.NodeTTL, 0), maxTTL*time.Second)))
		if err != nil {
			return nil, err
		}
		name := splitName(rr.Header().Name)
		in := zoneAmong(zones, name) // not z when the other domain lies below this one
		if in == nil {
			return nil, errors.New("holds no record") // but a type that a line's end made look like one
		}
		r := staticRecord{rr: rr, zone: in, labels: texts(name[:len(name)-len(in.labels)])}
		if why := c.reserved(r.labels, rr.Header().Rrtype); why != "" {
			return nil, errors.New(why)
		}
		out = append(out, r)
	}
	return out, nil
}

// parseStatic reads zone text (RFC 1035 section 5.1) that holds one record of a type we take.
func parseStatic(text, origin string, ttl uint32) (dns.RR, error) {
	p := dns.NewZoneParser(strings.NewReader(text+"\n"), origin, "") // what ends without a line's end is read less strictly
	p.SetDefaultTTL(ttl)
	rr, ok := p.Next()
	if err := p.Err(); err != nil {
		return nil, errors.New(zoneFault(err))
	}
	if !ok {
		return nil, errors.New("holds no record")
	}
	if _, more := p.Next(); more || p.Err() != nil {
		return nil, errors.New("holds more than one record: each text is one")
	}
	h := rr.Header()
	switch {
	case h.Class != dns.ClassINET:
		return nil, fmt.Errorf("class %s: only IN is served", dns.Class(h.Class))
	case !staticTypes[h.Rrtype]:
		return nil, fmt.Errorf("type %s: records may be A, AAAA, CNAME, TXT, MX, SRV, CAA, SSHFP or TLSA", dns.Type(h.Rrtype))
	case h.Ttl > maxTTL:
		return nil, fmt.Errorf("TTL %d is over what a TTL holds (RFC 2181 section 8)", h.Ttl)
	}
	return rr, packable(rr)
}

// packable returns why a record cannot be sent. The parser takes records without data, which updates know.
func packable(rr dns.RR) error {
	wire := make([]byte, dns.Len(rr)+dns.MinMsgSize)
	end, err := dns.PackRR(rr, wire, 0, nil, false)
	if err != nil {
		return errors.New(zoneFault(err))
	}
	back, _, err := dns.UnpackRR(wire[:end], 0)
	if err != nil || back.Header().Rdlength == 0 {
		return fmt.Errorf("has no data for type %s", dns.Type(rr.Header().Rrtype))
	}
	return nil
}

// zoneFault is a parser's error without the parts that say nothing about a single line.
func zoneFault(err error) string {
	text := strings.TrimPrefix(err.Error(), "dns: ")
	if at := strings.LastIndex(text, " at line: 1:"); at >= 0 {
		text = text[:at]
	}
	return text
}

// against returns why a record cannot stand beside those of its name, and the index of the one that bars it.
func against(there []staticRecord, rr dns.RR) (index int, why string) {
	for _, o := range there {
		a, b := o.rr.Header(), rr.Header()
		switch {
		case dns.IsDuplicate(o.rr, rr):
			return o.index, "is the same as another record"
		case a.Rrtype == dns.TypeCNAME || b.Rrtype == dns.TypeCNAME:
			return o.index, "a CNAME stands alone at its name"
		case a.Rrtype == b.Rrtype && a.Ttl != b.Ttl:
			return o.index, "records of one name and type have one TTL (RFC 2181 section 5.2)"
		}
	}
	return 0, ""
}

func texts(labels []label) []string {
	out := make([]string, len(labels))
	for i, l := range labels {
		out[i] = l.text
	}
	return out
}

// quoted is a record's text for a problem of one line.
func quoted(text string) string {
	const most = 80
	if len(text) > most {
		text = text[:most] + "..."
	}
	return fmt.Sprintf("%q", text)
}
