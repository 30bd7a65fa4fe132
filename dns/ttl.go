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

// serviceTTL is the TTL of a service's records.
func (l *lookup) serviceTTL(service string) uint32 {
	ttl, key, ok := l.ttls.rule(service)
	switch {
	case l.step == nil:
	case ok:
		l.step.ttl(ttl, "dns_config.service_ttl."+key)
	default:
		l.step.ttl(ttl, "no key of dns_config.service_ttl matches")
	}
	return ttl
}

func seconds(d time.Duration) uint32 { return uint32(d / time.Second) }
