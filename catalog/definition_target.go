package catalog

import (
	"maps"
	"net/netip"
	"net/url"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// maxPattern is how long a pattern may be, in bytes. Matching takes time in proportion to it.
const maxPattern = 1024

// DNSTypes are the types that a dns check may ask for, with their numbers.
func DNSTypes() map[string]uint16 {
	return map[string]uint16{
		"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33,
	}
}

// DNSRcodes are the response codes that a dns check may expect, with their numbers.
func DNSRcodes() map[string]uint16 {
	return map[string]uint16{"NOERROR": 0, "FORMERR": 1, "SERVFAIL": 2, "NXDOMAIN": 3, "NOTIMP": 4, "REFUSED": 5}
}

// validateTarget judges the key that makes the check one of its kind.
func (d *CheckDefinition) validateTarget(p *Problems, k Kind) {
	var err error
	switch k {
	case KindHTTP:
		u, bad := url.Parse(d.HTTP)
		if bad != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			err = Errorf(Invalid, "%q is not an http:// or https:// URL with a host", d.HTTP)
		}
	case KindTCP:
		err = validHostPort(d.TCP)
	case KindUDP:
		err = validHostPort(d.UDP)
	case KindGRPC:
		at, _, _ := strings.Cut(d.GRPC, "/")
		err = validHostPort(at)
	case KindDNS:
		err = validHostPort(d.DNS)
		d.validateQuestion(p)
	case KindICMP:
		if _, bad := netip.ParseAddr(d.ICMP); bad != nil && ValidHostName(d.ICMP) != nil {
			err = Errorf(Invalid, "%q is neither an IP address nor a host name", d.ICMP)
		}
	case KindOSService:
		if strings.ContainsAny(d.OSService, "/ ") || hasControl(d.OSService) || len(d.OSService) > 255 {
			err = Errorf(Invalid, "%q is not the name of a unit", d.OSService)
		}
	}
	if err != nil {
		p.add(string(k), "%v", err)
	}
}

func (d *CheckDefinition) validateQuestion(p *Problems) {
	if name := strings.TrimSuffix(d.DNSName, "."); d.DNSName == "" {
		p.add("dns_name", "is missing; a dns check asks for a name, such as \"example.com\"")
	} else if len(name) > 253 || hasControl(name) || slices.ContainsFunc(strings.Split(name, "."), func(label string) bool {
		return len(label) > 63 || label == "" && name != ""
	}) {
		p.add("dns_name", "%q is not a domain name", d.DNSName)
	}
	if types := DNSTypes(); d.DNSType != "" && types[strings.ToUpper(d.DNSType)] == 0 {
		p.add("dns_type", "%q is none of %s", d.DNSType, list(types))
	}
	rcodes := DNSRcodes()
	if _, ok := rcodes[strings.ToUpper(d.DNSRcode)]; !ok && d.DNSRcode != "" {
		p.add("dns_rcode", "%q is none of %s", d.DNSRcode, list(rcodes))
	}
}

func list(names map[string]uint16) string { return strings.Join(slices.Sorted(maps.Keys(names)), ", ") }

// validateForeign refuses what would have no effect: keys that belong to other kinds.
// Those that were accepted before and Consul's are let pass, as Consul does.
func (d *CheckDefinition) validateForeign(p *Problems, k Kind) {
	for _, f := range []struct {
		key   string
		set   bool
		kinds []Kind
	}{
		{"expect_status", d.ExpectStatus != "", []Kind{KindHTTP}},
		{"expect_body", d.ExpectBody != "", []Kind{KindHTTP}},
		{"http2", d.HTTP2, []Kind{KindHTTP}},
		{"send", d.Send != "", []Kind{KindTCP, KindUDP}},
		{"expect", d.Expect != "", []Kind{KindTCP, KindUDP}},
		{"dns_name", d.DNSName != "", []Kind{KindDNS}},
		{"dns_type", d.DNSType != "", []Kind{KindDNS}},
		{"dns_rcode", d.DNSRcode != "", []Kind{KindDNS}},
		{"dns_records", len(d.DNSRecords) > 0, []Kind{KindDNS}},
		{"max_age", d.MaxAge != 0, []Kind{KindFile}},
		{"hold", d.Hold, []Kind{KindHTTP, KindTCP, KindGRPC}},
		{"tls_ca_file", d.TLSCAFile != "", []Kind{KindHTTP, KindTCP, KindGRPC}},
		{"tls_cert_file", d.TLSCertFile != "", []Kind{KindHTTP, KindTCP, KindGRPC}},
	} {
		if f.set && !slices.Contains(f.kinds, k) {
			p.add(f.key, "has no effect on a %s check", k)
		}
	}
}

func (d *CheckDefinition) validateExpected(p *Problems) {
	if _, err := ParseCodes(d.ExpectStatus); err != nil {
		p.add("expect_status", "%v", err)
	}
	for _, x := range []struct{ key, pattern string }{{"expect_body", d.ExpectBody}, {"expect", d.Expect}} {
		if len(x.pattern) > maxPattern {
			p.add(x.key, "has %d bytes, the limit is %d", len(x.pattern), maxPattern)
		} else if _, err := regexp.Compile(x.pattern); err != nil {
			p.add(x.key, "%v", err)
		}
	}
	if d.DNSRcode != "" && !strings.EqualFold(d.DNSRcode, "NOERROR") && len(d.DNSRecords) > 0 {
		p.add("dns_records", "an answer with %s has none", d.DNSRcode)
	}
}

func (d *CheckDefinition) validateTLS(p *Problems) {
	if (d.TLSCertFile == "") != (d.TLSKeyFile == "") {
		p.add("tls_cert_file", "a certificate and tls_key_file go together")
	}
}

func (d *CheckDefinition) validateWakers(p *Problems) {
	key := "pid"
	switch {
	case d.Pid == 0 && d.PidFile == "":
		return
	case d.Pid != 0 && d.PidFile != "":
		p.add("pid_file", "pid already says which process to watch")
		return
	case d.Pid == 0:
		key = "pid_file"
	}
	switch {
	case !d.Kind().Probing():
		p.add(key, "has no effect on a %s check, which has nothing to probe", d.Kind())
	case runtime.GOOS != "linux":
		p.add(key, "processes can be watched on Linux only")
	}
}

// Codes is a set of HTTP status codes.
type Codes [][2]int // ranges, both ends included

// Has reports whether a code is in the set.
func (c Codes) Has(code int) bool {
	return slices.ContainsFunc(c, func(r [2]int) bool { return r[0] <= code && code <= r[1] })
}

// ParseCodes reads a set of status codes such as "200-299,401". The empty string is the empty set.
func ParseCodes(s string) (Codes, error) {
	if s == "" {
		return nil, nil
	}
	var out Codes
	for part := range strings.SplitSeq(s, ",") {
		from, to, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			to = from
		}
		a, errA := strconv.Atoi(strings.TrimSpace(from))
		b, errB := strconv.Atoi(strings.TrimSpace(to))
		if errA != nil || errB != nil || a < 100 || b > 599 || a > b {
			return nil, Errorf(Invalid, "%q is not a status or a range within 100-599, as in \"200-299,401\"", part)
		}
		out = append(out, [2]int{a, b})
	}
	return out, nil
}
