package dns

import (
	"maps"
	"slices"
	"strings"
	"time"

	"muster/catalog"
)

// ttls finds the TTL of a service.
type ttls struct {
	exact    map[string]uint32
	prefixes []prefixTTL // longest first
}

type prefixTTL struct {
	key, prefix string // with and without the '*'
	ttl         uint32
}

func newTTLs(rules map[string]time.Duration) ttls {
	t := ttls{exact: map[string]uint32{}}
	for _, key := range slices.Sorted(maps.Keys(rules)) { // sorted: keys that differ in case only must not race
		name, ttl := catalog.Fold(key), rules[key]
		if prefix, ok := strings.CutSuffix(name, "*"); ok {
			t.prefixes = append(t.prefixes, prefixTTL{name, prefix, seconds(ttl)})
			continue
		}
		t.exact[name] = seconds(ttl)
	}
	slices.SortFunc(t.prefixes, func(a, b prefixTTL) int { return len(b.prefix) - len(a.prefix) })
	return t
}

// rule returns the TTL of a service in seconds and the key of the rule that says so:
// exact name, longest prefix. ok is false, and the TTL 0, when none does.
func (t ttls) rule(service string) (ttl uint32, key string, ok bool) {
	service = catalog.Fold(service)
	if ttl, ok := t.exact[service]; ok {
		return ttl, service, true
	}
	for _, p := range t.prefixes {
		if strings.HasPrefix(service, p.prefix) {
			return p.ttl, p.key, true
		}
	}
	return 0, "", false
}

// nodeTTLKey is the key that node names, addr names and name servers take their TTL from.
const nodeTTLKey = "dns_config.node_ttl"

// serviceTTL is the TTL of the records that instances of a service make together: the
// least of what they ask for, and of what is configured if any asks for nothing.
func (l *lookup) serviceTTL(service string, of []candidate) uint32 {
	ttl, key, ok := l.ttls.rule(service)
	var first *catalog.Instance // whose wish is the least
	if least, who, all := l.wished(of); who != nil && (all || least < ttl) {
		ttl, first = least, who
	}
	switch {
	case l.step == nil:
	case first != nil:
		l.step.ttl(ttl, "dns.ttl of "+first.ID+" on "+first.Node+", within dns_config.min_service_ttl and max_service_ttl")
	case ok:
		l.step.ttl(ttl, "dns_config.service_ttl."+key)
	default:
		l.step.ttl(ttl, "no key of dns_config.service_ttl matches")
	}
	return ttl
}

// LongestTTL is how long an answer that holds an instance may be cached at most.
func (c *Config) LongestTTL(i *catalog.Instance) time.Duration {
	ttl, _, _ := newTTLs(c.ServiceTTL).rule(i.Name)
	longest := time.Duration(ttl) * time.Second
	if wish := i.DNS; wish != nil && wish.TTL != nil {
		longest = max(longest, min(max(*wish.TTL, c.MinServiceTTL), c.MaxServiceTTL))
	}
	return longest
}

// wished returns the least TTL that instances ask for, within the bounds, who asks for it, and
// whether all ask for one.
func (l *lookup) wished(of []candidate) (least uint32, who *catalog.Instance, all bool) {
	all = true
	for _, c := range of {
		wish := c.Instance.DNS
		if wish == nil || wish.TTL == nil {
			all = false
			continue
		}
		ttl := seconds(max(min(*wish.TTL, l.cfg.MaxServiceTTL), l.cfg.MinServiceTTL))
		if who == nil || ttl < least {
			least, who = ttl, c.Instance
		}
	}
	return least, who, all
}

func seconds(d time.Duration) uint32 { return uint32(d / time.Second) }
